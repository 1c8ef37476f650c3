import Fastify from 'fastify'
import { connectPlugin, type FastifyAtlassian } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { testDescriptor } from '../helpers/app.ts'

const options = {
  descriptor: testDescriptor,
  baseUrl: 'https://app.example.com',
  store: (appKey: string) => createMemoryTenantStore({ appKey })
}

t.test('a hook that is used outside of the scope of its plugin opens nothing', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let atlassian: FastifyAtlassian | undefined
  await app.register(async (scope) => {
    await scope.register(connectPlugin, options)
    atlassian = scope.atlassian
  })
  if (atlassian === undefined) throw new Error('the plugin did not load')
  const reached: string[] = []
  for (const policy of ['page', 'context', 'session', 'webhook'] as const) {
    app.get(`/on-request-${policy}`, { onRequest: atlassian.authenticate(policy) }, async () => reached.push(policy))
    app.get(`/pre-handler-${policy}`, { preHandler: atlassian.authenticate(policy) }, async () => reached.push(policy))
  }
  for (const policy of ['page', 'context', 'session', 'webhook']) {
    for (const place of ['on-request', 'pre-handler']) {
      const answer = await app.inject(`/${place}-${policy}`)
      t.match(answer.json(), { statusCode: 500, code: 'ATL_NOT_PROTECTED' })
    }
  }
  t.strictSame(reached, [])
})

t.test('the whole app is not made public by mistake', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, options)
  t.throws(() => app.atlassian.publicScope(app), { code: 'ATL_OPTION', message: /scope of its own/ })
  await app.register(async (scope) => {
    app.atlassian.publicScope(scope)
    scope.get('/open', async () => 'in')
  })
  app.get('/closed', async () => 'in')
  t.equal((await app.inject('/open')).statusCode, 200)
  t.equal((await app.inject('/closed')).statusCode, 401)
})
