import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installed, lifecycleBody, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('a switched-off route is the app’s: verified by its policy, applied by applyLifecycle', async (t) => {
  const changes: string[] = []
  const { app } = await buildApp(t, {
    host,
    lifecycle: { installed: false, uninstalled: false },
    routes: (app) => {
      for (const url of ['/installed', '/uninstalled']) {
        app.post(url, app.atlassian.protect('lifecycle'), async (request, reply) => {
          const { payload } = request.verifiedInstall ?? {}
          const { change, tenant } = await app.atlassian.applyLifecycle(request)
          changes.push(`${payload?.eventType} ${change} ${tenant?.clientKey === payload?.clientKey}`)
          return reply.code(200).send()
        })
      }
    }
  })
  t.equal((await host.install(app)).status, 200)
  t.equal((await host.openPage('panel')).status, 200)
  t.equal((await host.uninstall()).status, 200)
  t.strictSame(changes, ['installed first-install true', 'uninstalled uninstalled true'])
  t.equal((await sendLifecycle(app, host, 'installed', { token: '' })).statusCode, 401)
  t.equal(changes.length, 2)
})

t.test('an own route that applies nothing writes nothing, and shows the verified call', async (t) => {
  let payload: unknown
  const { app, writes } = await buildApp(t, {
    host,
    lifecycle: { installed: false },
    routes: (app) =>
      app.post('/installed', app.atlassian.protect('lifecycle'), async (request, reply) => {
        payload = request.verifiedInstall?.payload
        t.equal(request.atlassian, null, 'a site that is not installed has no context')
        t.equal(request.connect?.tokenKind, 'lifecycle')
        return reply.code(204).send()
      })
  })
  await host.install(app)
  t.match(payload, { eventType: 'installed', clientKey: host.site().clientKey, product: 'jira' })
  t.strictSame(writes, [])
  t.notOk(JSON.stringify(payload).includes(host.site().sharedSecret))
})

t.test('another path of the app takes life-cycle calls when it says which event it expects', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) =>
      app.post(
        '/moved',
        { config: { atlassian: { auth: 'lifecycle', event: 'uninstalled' } } },
        async (request, reply) => {
          await app.atlassian.applyLifecycle(request)
          return reply.code(204).send()
        }
      )
  })
  await installed(host, app)
  const send = async (event: 'installed' | 'uninstalled') =>
    (
      await app.inject({
        method: 'POST',
        url: '/moved',
        headers: { authorization: `JWT ${await host.sign.installToken({ url: '/moved' })}` },
        payload: lifecycleBody(host, event)
      })
    ).statusCode
  t.equal(await send('installed'), 400)
  t.equal(await send('uninstalled'), 204)
  t.equal((await host.openPage('panel')).status, 401)
})

t.test('a life-cycle route whose event nobody knows stops the start', async (t) => {
  const wrong = (config: object) =>
    buildApp(t, {
      host,
      routes: (app) => app.post('/somewhere', { config: { atlassian: config } }, async () => 'reached')
    })
  await t.rejects(wrong({ auth: 'lifecycle' }), { code: 'ATL_OPTION', message: /event of \/somewhere/ })
  await t.rejects(wrong({ auth: 'lifecycle', event: 'renamed' }), { code: 'ATL_OPTION' })
  await t.rejects(wrong({ auth: 'lifecycle', event: 'enabled' }), { code: 'ATL_OPTION', message: /"webhook"/ })
})

t.test('own routes for enabled and disabled use the policy webhook', async (t) => {
  const seen: string[] = []
  const { app } = await buildApp(t, {
    host,
    lifecycle: { enabled: false, disabled: false },
    routes: (app) => {
      for (const url of ['/enabled', '/disabled'])
        app.post(url, app.atlassian.protect('webhook'), async ({ body }, reply) => {
          seen.push(String(Reflect.get(Object(body), 'eventType')))
          return reply.code(204).send()
        })
    }
  })
  await installed(host, app)
  t.equal((await host.disable()).status, 204)
  t.strictSame(seen, ['enabled', 'disabled'])
  t.equal((await sendLifecycle(app, host, 'disabled', { token: '' })).statusCode, 401)
})

t.test('applyLifecycle refuses a request without a verified install token', async (t) => {
  const { app } = await buildApp(t, {
    host,
    routes: (app) => app.get('/page', async (request) => await app.atlassian.applyLifecycle(request))
  })
  await installed(host, app)
  const answer = await app.inject(`/page?jwt=${await host.sign.pageToken({ url: '/page' })}`)
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { code: 'ATL_NOT_PROTECTED' })
})
