import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { createHostCalls, signHostRequest } from 'fastify-atlassian/core'
import { Agent, fetch as undiciFetch } from 'undici'
import { noUserTokens } from '../lib/host/make-calls.ts'
import { makeTenant } from '../lib/tenant/make-tenant.ts'
import { measureLookups } from './authorize.ts'
import { watchForeignCpu } from './foreign-cpu.ts'
import { median, table } from './table.ts'

/**
 * How many signed calls a second our client makes, against plain undici `fetch` without any signature. The host is a
 * process of its own. Cases take turns in every round, in an order that changes; what counts is the ratio in a round.
 * Then how many lookups of permissions a burst of requests causes.
 */

const UNDER_WAY = 16
const quick = process.argv.includes('--quick')
const plan = quick ? { rounds: 3, seconds: 0.5 } : { rounds: 9, seconds: 1.5 }

const host = fork(join(import.meta.dirname, 'host-server.ts'))
const [port] = await once(host, 'message')
const baseUrl = `http://127.0.0.1:${port}`
const tenant = makeTenant({ baseUrl })
const calls = createHostCalls({
  userAgent: 'bench',
  limits: { timeoutMs: 10_000, maxAttempts: 5, maxTotalMs: 30_000, concurrency: 20, maxWaiting: 1000 },
  clock: Date.now,
  timer(callback, ms) {
    const timeout = setTimeout(callback, ms)
    return () => clearTimeout(timeout)
  },
  sign: (tenant, method, url) => `JWT ${signHostRequest(tenant, method, url, Math.floor(Date.now() / 1000))}`,
  userTokens: noUserTokens,
  onLimit() {}
})
const client = calls.client(() => tenant)
const dispatcher = new Agent({ keepAliveTimeout: 10_000 })
const path = (number: number) => `/rest/api/3/issue/TEA-${number}?fields=summary,labels&expand=names`

const cases: Record<string, (number: number) => Promise<unknown>> = {
  async 'plain undici fetch, not signed'(number) {
    const response = await undiciFetch(baseUrl + path(number), { headers: { accept: 'application/json' }, dispatcher })
    return await response.json()
  },
  'host.get, signed': (number) => client.get(path(number)),
  async 'host.fetch, signed'(number) {
    return await (await client.fetch(path(number))).json()
  }
}
const names = Object.keys(cases)
const [plain = ''] = names

/** Calls a second, with so many under way all the time. */
async function measure(run: (number: number) => Promise<unknown>, seconds: number): Promise<number> {
  let done = 0
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  const worker = async () => {
    while (performance.now() < endsAt) {
      await run(done)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, worker))
  return (done / (performance.now() - startedAt)) * 1000
}

const rates = new Map<string, number[]>(names.map((name) => [name, []]))
const foreign: number[] = []
try {
  for (const name of names) await measure(cases[name] ?? Promise.reject, 0.5)
  for (let round = 0; round < plan.rounds; round++) {
    const ended = watchForeignCpu([process.pid, host.pid ?? 0], availableParallelism())
    for (const name of names.toSorted(() => Math.random() - 0.5)) {
      rates.get(name)?.push(await measure(cases[name] ?? Promise.reject, plan.seconds))
    }
    foreign.push(ended() ?? 0)
  }
} finally {
  await Promise.all([calls.close(), dispatcher.close()])
  host.disconnect()
}

const ratioOf = (name: string) =>
  median((rates.get(name) ?? []).map((rate, round) => rate / (rates.get(plain)?.[round] ?? 1)))
const rows = names.map((name) => [
  name,
  Math.round(median(rates.get(name) ?? [])).toLocaleString('en'),
  `${Math.round(ratioOf(name) * 100)} %`
])
console.log(`${plan.rounds} rounds of ${plan.seconds} s for each case, ${UNDER_WAY} calls under way`)
console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model.trim()}`)
console.log(`other programs used ${Math.round(median(foreign) * 100)} % of one core\n`)
console.log(table([['case', 'calls/s', 'of plain'], ...rows]))
const told = (name: string) => `${name} ${ratioOf(name) >= 0.85 ? 'reached' : 'missed'}`
console.log(`\naim: 85 % of plain undici fetch: ${names.slice(1).map(told).join('; ')}\n`)

const lookups = await measureLookups()
const asked = lookups.slice(1, -1).every(([, questions, first, again]) => questions === first && again === '0')
console.log(table(lookups))
console.log(`\naim: one lookup for each distinct question, and none while it is known: ${asked ? 'reached' : 'missed'}`)
