import t from 'tap'
import type { UserTokens } from '../../../lib/host/user-tokens.ts'
import { Secret } from '../../../lib/secret.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'
import { makeTenant } from '../tenant/make-tenant.ts'
import { failureOf, makeCalls, noUserTokens, type Sent } from './make-calls.ts'

const ADA = '557058:ada'
const never = () => new Promise<never>(() => {})
/** A host that says nothing until the call is given up. */
const silent = ({ init }: Sent) =>
  new Promise<never>((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
const tokensFrom = (get: UserTokens['get']): UserTokens => ({ ...noUserTokens, get })

t.test('an abort ends the wait for a user token, and others still get it', async (t) => {
  let give: (token: Secret) => void = () => {}
  const flight = new Promise<Secret>((resolve) => {
    give = resolve
  })
  const { client, sent, time, calls } = makeCalls(undefined, { userTokens: tokensFrom(() => flight) })
  const controller = new AbortController()
  const work = failureOf(client.asUser(ADA).get('/a', { signal: controller.signal }))
  const other = client.asUser(ADA).get('/b')
  await time.advance(10)
  controller.abort()
  t.match(await work, { code: 'ATL_HOST_ABORTED' })
  give(new Secret('of-ada'))
  t.same(await other, { ok: true })
  t.equal(sent.length, 1)
  t.match(calls.metrics(), { underWay: 0, waiting: 0 })
  t.same(time.pending(), [], 'no timer stays')
})

t.test('the wait for a user token is part of the time of a try', async (t) => {
  const { client, time } = makeCalls(undefined, { userTokens: tokensFrom(never) })
  const work = failureOf(client.asUser(ADA).get('/a', { timeoutMs: 500 }))
  const fetched = client
    .asUser(ADA)
    .fetch('/a')
    .catch((error: unknown) => error)
  await time.advance(500)
  t.match(await work, { code: 'ATL_HOST_TIMEOUT' })
  await time.advance(9500)
  t.match(await fetched, { name: 'TimeoutError' })

  const late = makeCalls(silent, {
    userTokens: tokensFrom(() => new Promise((resolve) => late.time.timer(() => resolve(new Secret('of-ada')), 400)))
  })
  const startMs = late.time.clock()
  t.match(await late.time.settle(failureOf(late.client.asUser(ADA).get('/a', { timeoutMs: 500 }))), {
    code: 'ATL_HOST_TIMEOUT'
  })
  t.equal(late.time.clock() - startMs, 500)
})

t.test('the wait for a user token ends with the time of the whole call', async (t) => {
  let asked = 0
  const userTokens = tokensFrom(() => (asked++ === 0 ? Promise.resolve(new Secret('of-ada')) : never()))
  const { client, time } = makeCalls(() => new Response('{}', { status: 503, headers: { 'retry-after': '1' } }), {
    userTokens
  })
  const startMs = time.clock()
  const work = failureOf(client.asUser(ADA).get('/a', { timeoutMs: 3000, maxTotalMs: 3000 }))
  t.match(await time.settle(work), { code: 'ATL_HOST_TIMEOUT' })
  t.equal(asked, 2)
  t.equal(time.clock() - startMs, 3000)
})

t.test('who waits for a user token holds no place of its tenant', async (t) => {
  const { client, time, calls } = makeCalls(undefined, {
    userTokens: tokensFrom(never),
    limits: { concurrency: 1, maxWaiting: 1 }
  })
  const waiting = [1, 2, 3].map(() => failureOf(client.asUser(ADA).get('/a')))
  await time.advance(0)
  t.match(calls.metrics(), { underWay: 0, waiting: 0 })
  t.same(await Promise.all([client.get('/b'), client.get('/c')]), [{ ok: true }, { ok: true }])
  await time.advance(10_000)
  for (const error of await Promise.all(waiting)) t.match(error, { code: 'ATL_HOST_TIMEOUT' })
})

t.test('a tenant that is not found in time, or not until the abort, ends the call', async (t) => {
  const { client, time, sent } = makeCalls(undefined, { tenant: never })
  const work = failureOf(client.get('/a?secret=1', { timeoutMs: 500 }))
  const fetched = client.fetch('/a').catch((error: unknown) => error)
  const controller = new AbortController()
  const aborted = failureOf(client.get('/a', { signal: controller.signal }))
  await time.advance(500)
  t.match(await work, { code: 'ATL_HOST_TIMEOUT', path: '/a' })
  controller.abort()
  t.match(await aborted, { code: 'ATL_HOST_ABORTED' })
  await time.advance(9500)
  t.match(await fetched, { name: 'TimeoutError' })
  t.equal(sent.length, 0)
  t.same(time.pending(), [])
})

t.test('the search for a tenant is part of the time of the whole call', async (t) => {
  const { client, time } = makeCalls(silent, {
    tenant: () => new Promise<ConnectTenant>((resolve) => time.timer(() => resolve(makeTenant()), 400))
  })
  const startMs = time.clock()
  const work = failureOf(client.get('/a', { timeoutMs: 500, maxTotalMs: 500 }))
  t.match(await time.settle(work), { code: 'ATL_HOST_TIMEOUT' })
  t.equal(time.clock() - startMs, 500)
})
