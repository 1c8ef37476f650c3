import t from 'tap'
import { createHostClient } from '../../../lib/host/host-client.ts'
import { makeTenant } from '../tenant/make-tenant.ts'

t.test('a header that cannot be sent is not quoted in the error or its cause', async (t) => {
  const client = createHostClient({
    tenant: () => makeTenant(),
    userAgent: 'test',
    fetch,
    clock: Date.now,
    authorize: () => 'JWT token'
  })
  const error = await client
    .get('/rest', { headers: { 'x-key': 'top-secret\nvalue' } })
    .catch((reason: unknown) => reason)
  t.match(error, { code: 'ATL_HOST_REQUEST' })
  t.notMatch(String(error instanceof Error ? error.cause : ''), /top-secret/)
  const bad = await client.get('/rest?jql=100%').catch((reason: unknown) => reason)
  t.match(bad, { code: /ATL_HOST_(?:REQUEST|NETWORK)/ })
})

t.test('fetch with a Request has a limit of time, and the signal of the caller counts too', async (t) => {
  const signals: (AbortSignal | null | undefined)[] = []
  const client = createHostClient({
    tenant: () => makeTenant(),
    userAgent: 'test',
    fetch: async (_url, init) => {
      signals.push(init?.signal)
      return new Response('{}')
    },
    clock: Date.now,
    authorize: () => 'JWT token'
  })
  const { baseUrl } = makeTenant()
  const controller = new AbortController()
  await client.fetch(new Request(`${baseUrl}/rest`, { signal: controller.signal }))
  t.ok(signals[0] instanceof AbortSignal)
  t.notOk(signals[0]?.aborted)
  controller.abort()
  t.ok(signals[0]?.aborted, 'both are listened to')
  const own = new AbortController()
  await client.fetch('/rest', { signal: own.signal })
  t.equal(signals[1], own.signal, 'a signal that is given replaces the limit')
})
