import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type CaseName, cases, isCase } from './cases.ts'
import { watchForeignCpu } from './foreign-cpu.ts'
import { installAce } from './install-ace.ts'
import type { LoadResult } from './load.ts'
import { type Load, pinned, type Server, startLoad, startServer } from './processes.ts'
import { profileSummary } from './profile-summary.ts'
import { requestsOf } from './requests.ts'
import { median, table } from './table.ts'

/**
 * Compares a protected route with a bare one and with ACE. Every case is a server process of its own, loaded one at a
 * time in an order that is shuffled each round; what counts are the ratios within a round.
 */

const CONNECTIONS = 32
/** More than this share of one core used by other programs makes a sample dirty. */
const MAX_FOREIGN = 0.15
const MAX_REPEATS = 3

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean' }, profile: { type: 'boolean' }, 'without-ace': { type: 'boolean' } }
})
const plan = flags.quick ? { rounds: 2, seconds: 0.7, tokens: 1000 } : { rounds: 7, seconds: 2, tokens: 5000 }

interface Sample extends LoadResult {
  readonly perSecond: number
  readonly dirty: boolean
}

const directory = await mkdtemp(join(tmpdir(), 'bench-'))
const profile = flags.profile ? join(process.cwd(), 'artefacts', 'bench') : null
if (profile !== null) await mkdir(profile, { recursive: true })

const withAce = !flags['without-ace'] && installAce()
const names = Object.keys(cases)
  .filter(isCase)
  .filter((name) => withAce || !name.startsWith('ace'))
const servers = new Map<CaseName, Server>()
const load = startLoad()

try {
  const requests = new Map<CaseName, string[]>()
  for (const name of names) {
    const server = await startServer(name, directory, profile)
    servers.set(name, server)
    requests.set(name, await requestsOf(name, plan.tokens, server.port))
  }
  const samples = new Map<CaseName, Sample[]>(names.map((name) => [name, []]))
  console.log(`${plan.rounds} rounds of ${plan.seconds} s, ${CONNECTIONS} connections, ${plan.tokens} addresses`)
  for (let round = -1; round < plan.rounds; round++) {
    for (const name of shuffled(names)) {
      const sample = await cleanSample(load, name, requests.get(name) ?? [])
      // The first round only warms up.
      if (round >= 0) samples.get(name)?.push(sample)
    }
  }
  report(samples)
} finally {
  load.stop()
  await Promise.all([...servers.values()].map((server) => server.stop()))
  await rm(directory, { recursive: true, force: true })
}
for (const name of profile === null ? [] : names) {
  const path = join(profile ?? '', `${name}.cpuprofile`)
  console.log(`\n${cases[name]}: time inside the functions themselves (${path})\n\n${profileSummary(path)}`)
}

/** Measures again while other programs disturb; the last try counts, marked as dirty. */
async function cleanSample(load: Load, name: CaseName, requests: readonly string[], repeats = 0): Promise<Sample> {
  const { port = 0, pid = 0 } = servers.get(name) ?? {}
  // Handing the requests over is work of its own, so it happens in a short run that is not counted.
  await load.run({ port, requests, seconds: 0.2, connections: CONNECTIONS })
  const foreignCpu = watchForeignCpu([pid, load.pid, process.pid], availableParallelism())
  const result = await load.run({ port, seconds: plan.seconds, connections: CONNECTIONS })
  const dirty = (foreignCpu() ?? 0) > MAX_FOREIGN
  const refused = Object.entries(result.refused).map(([status, count]) => `${count} times ${status}`)
  if (refused.length > 0) throw new Error(`"${cases[name]}" answered ${refused.join(', ')}`)
  if (dirty && repeats < MAX_REPEATS && !flags.quick) return cleanSample(load, name, requests, repeats + 1)
  return { ...result, perSecond: result.answers / result.seconds, dirty }
}

function report(samples: ReadonlyMap<CaseName, readonly Sample[]>): void {
  /** Median over the rounds of one case divided by another, both of the same round. */
  const ratio = (name: CaseName, to: CaseName): number | null => {
    const other = samples.get(to)
    if (other === undefined) return null
    return median((samples.get(name) ?? []).map(({ perSecond }, round) => perSecond / (other[round]?.perSecond ?? 1)))
  }
  const times = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} x`)
  const rows = names.map((name) => {
    const of = samples.get(name) ?? []
    return [
      cases[name],
      Math.round(median(of.map(({ perSecond }) => perSecond))).toLocaleString('en'),
      median(of.map(({ p50Ms }) => p50Ms)).toFixed(2),
      median(of.map(({ p99Ms }) => p99Ms)).toFixed(2),
      `${((ratio(name, 'bare') ?? 0) * 100).toFixed(0)} %`,
      times(ratio(name, 'aceDefault')),
      times(ratio(name, 'aceMap')),
      `${of.filter(({ dirty }) => dirty).length} of ${of.length}`
    ]
  })
  const head = ['case', 'requests/s', 'p50 ms', 'p99 ms', 'of bare', 'to ACE', 'to ACE with Map', 'dirty']
  console.log(`\n${table([head, ...rows])}\n`)
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`)
  console.log(
    pinned ? 'Server and load on different cores.' : 'Server and load share the cores: read the ratios with care.'
  )
  console.log(verdicts(ratio).join('\n'))
}

function verdicts(ratio: (name: CaseName, to: CaseName) => number | null): string[] {
  const aims: [CaseName, CaseName, number][] = [
    ['page', 'bare', 0.45],
    ['context', 'bare', 0.75],
    ['session', 'bare', 0.75],
    ['page', 'aceDefault', 10],
    ['page', 'aceMap', 3]
  ]
  return aims.flatMap(([name, to, aim]) => {
    const value = ratio(name, to)
    if (value === null) return []
    return [`${value >= aim ? 'reached' : 'MISSED '}  ${name} / ${to}: ${value.toFixed(2)}, aim ${aim}`]
  })
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
