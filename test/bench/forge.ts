import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { watchForeignCpu } from './foreign-cpu.ts'
import { createSigner, type ForgeCase, forgeCases } from './forge-cases.ts'
import { type Load, pinned, type Server, startForgeServer, startLoad } from './processes.ts'
import { profileSummary } from './profile-summary.ts'
import { median, table } from './table.ts'

/**
 * Compares a route with the policy `forge` with a bare one: with tokens that are new each time, so that every request
 * verifies a signature, and with one that repeats, as front ends send it. What counts are the ratios within a round.
 */

const CONNECTIONS = 32
/** More than the app remembers, so that none of them is known when its turn comes again. */
const TOKENS = 6000
const MAX_FOREIGN = 0.15
const MAX_REPEATS = 3
const AIMS: readonly (readonly [ForgeCase, number])[] = [
  ['fresh', 0.3],
  ['repeated', 0.7]
]

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, profile: { type: 'boolean' } } })
const plan = flags.quick ? { rounds: 2, seconds: 0.7 } : { rounds: 7, seconds: 2 }
const names = Object.keys(forgeCases) as ForgeCase[]

interface Sample {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly dirty: boolean
}

const signer = createSigner()
const keys = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(signer.jwks)
})
await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
const address = keys.address()
const jwksUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
const directory = await mkdtemp(join(tmpdir(), 'bench-forge-'))
const profile = flags.profile ? join(process.cwd(), 'artefacts', 'bench') : null
if (profile !== null) await mkdir(profile, { recursive: true })
const servers = new Map<ForgeCase, Server>()
const load = startLoad()

// Signing takes this process a while, in which it answers nobody who asks for the keys.
const fresh = Array.from({ length: TOKENS }, (_, index) => request(index, signer.token(index)))
const one = signer.token(0)

try {
  for (const name of names) {
    const profiling = ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=forge-${name}.cpuprofile`]
    servers.set(name, await startForgeServer([name, directory, jwksUrl], profile === null ? [] : profiling))
  }
  const requests: Record<ForgeCase, string[]> = {
    bare: fresh,
    fresh,
    repeated: fresh.map((_, index) => request(index, one))
  }
  const samples = new Map<ForgeCase, Sample[]>(names.map((name) => [name, []]))
  console.log(`${plan.rounds} rounds of ${plan.seconds} s, ${CONNECTIONS} connections, ${TOKENS} tokens`)
  for (let round = -1; round < plan.rounds; round++) {
    for (const name of shuffled(names)) {
      const sample = await measure(load, name, requests[name])
      // The first round only warms up.
      if (round >= 0) samples.get(name)?.push(sample)
    }
  }
  report(samples)
} finally {
  load.stop()
  await Promise.all([...servers.values()].map((server) => server.stop()))
  keys.close()
  keys.closeAllConnections()
  await rm(directory, { recursive: true, force: true })
}
for (const name of profile === null ? [] : names) {
  const path = join(profile ?? '', `forge-${name}.cpuprofile`)
  console.log(`\n${forgeCases[name]}: time inside the functions themselves (${path})\n\n${profileSummary(path)}`)
}

/** Measures again while other programs disturb; the last try counts, marked as dirty. */
async function measure(load: Load, name: ForgeCase, requests: readonly string[], repeats = 0): Promise<Sample> {
  const { port = 0, pid = 0 } = servers.get(name) ?? {}
  // Handing the requests over is work of its own, so it happens in a short run that is not counted.
  await load.run({ port, requests, seconds: 0.2, connections: CONNECTIONS })
  const foreignCpu = watchForeignCpu([pid, load.pid, process.pid], availableParallelism())
  const result = await load.run({ port, seconds: plan.seconds, connections: CONNECTIONS })
  const dirty = (foreignCpu() ?? 0) > MAX_FOREIGN
  const refused = Object.entries(result.refused).map(([status, count]) => `${count} times ${status}`)
  if (refused.length > 0) throw new Error(`"${forgeCases[name]}" answered ${refused.join(', ')}`)
  if (dirty && repeats < MAX_REPEATS && !flags.quick) return measure(load, name, requests, repeats + 1)
  return { ...result, perSecond: result.answers / result.seconds, dirty }
}

function report(samples: ReadonlyMap<ForgeCase, readonly Sample[]>): void {
  /** Median over the rounds of one case divided by `bare`, both of the same round. */
  const ratio = (name: ForgeCase): number =>
    median((samples.get(name) ?? []).map((sample, n) => sample.perSecond / (samples.get('bare')?.[n]?.perSecond ?? 1)))
  const rows = names.map((name) => {
    const of = samples.get(name) ?? []
    return [
      forgeCases[name],
      Math.round(median(of.map(({ perSecond }) => perSecond))).toLocaleString('en'),
      median(of.map(({ p50Ms }) => p50Ms)).toFixed(2),
      median(of.map(({ p99Ms }) => p99Ms)).toFixed(2),
      `${(ratio(name) * 100).toFixed(0)} %`,
      `${of.filter(({ dirty }) => dirty).length} of ${of.length}`
    ]
  })
  console.log(`\n${table([['case', 'requests/s', 'p50 ms', 'p99 ms', 'of bare', 'dirty'], ...rows])}\n`)
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`)
  console.log(
    pinned ? 'Server and load on different cores.' : 'Server and load share the cores: read the ratios with care.'
  )
  for (const [name, aim] of AIMS) {
    console.log(`${ratio(name) >= aim ? 'reached' : 'MISSED '}  ${name} / bare: ${ratio(name).toFixed(2)}, aim ${aim}`)
  }
}

function request(index: number, token: string): string {
  const lines = ['Host: 127.0.0.1', `Authorization: Bearer ${token}`, 'Accept: application/json']
  return [`GET /panel?issueKey=BENCH-${index} HTTP/1.1`, ...lines, 'Connection: keep-alive', '', ''].join('\r\n')
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
