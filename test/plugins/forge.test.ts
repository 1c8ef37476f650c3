import t from 'tap'
import { ACCOUNT_ID, buildForgeApp, CLOUD_ID, ENVIRONMENT, EVENT, INSTALLATION } from '../helpers/forge.ts'

t.test('a good invocation token opens a route with the policy "forge"', async (t) => {
  const scene = await buildForgeApp(t, {
    routes: (app) =>
      app.get('/seen', app.atlassian.protect('forge'), async (request) => {
        const { forge, atlassian, tenant, connect } = request
        return {
          forge,
          platform: atlassian?.platform,
          principal: atlassian?.principal,
          cloudId: tenant?.cloudId,
          connect
        }
      })
  })
  const answer = await scene.app.inject(scene.call(await scene.token(), { url: '/seen' }))
  t.equal(answer.statusCode, 200, scene.lines.join(''))
  t.match(answer.json(), {
    platform: 'forge',
    principal: { type: 'user', accountId: ACCOUNT_ID },
    cloudId: CLOUD_ID,
    connect: null,
    forge: {
      installation: { id: INSTALLATION, contexts: [{ name: 'confluence', cloudId: CLOUD_ID }] },
      environment: { id: ENVIRONMENT, type: 'PRODUCTION' },
      module: { type: 'xen:macro', key: 'report' },
      accountId: ACCOUNT_ID,
      tokens: { system: null, user: null }
    }
  })
})

t.test('a warm call reads no database, writes nothing and fetches no key', async (t) => {
  const scene = await buildForgeApp(t)
  const first = await scene.app.inject(scene.call(await scene.token()))
  t.equal(first.statusCode, 200, scene.lines.join(''))
  t.same(scene.writes.length, 1)
  scene.reads.length = 0
  scene.writes.length = 0
  for (const jti of ['one', 'two', 'two']) {
    const answer = await scene.app.inject(scene.call(await scene.token({ jti })))
    t.same(answer.json(), first.json())
  }
  t.same(scene.reads, [])
  t.same(scene.writes, [])
  t.equal(scene.keys.fetches(), 1)
})

t.test('an event has no user and opens no route that demands one', async (t) => {
  const scene = await buildForgeApp(t)
  const event = await scene.token(EVENT)
  const page = await scene.token()
  const status = async (token: string, method: 'GET' | 'POST', url: string) =>
    (await scene.app.inject(scene.call(token, { method, url }))).statusCode
  t.equal(await status(event, 'POST', '/event'), 200)
  t.equal(await status(event, 'GET', '/forge'), 403)
  t.equal(await status(page, 'POST', '/event'), 403)
  t.equal(await status(page, 'GET', '/optional'), 200)
  t.equal(await status(event, 'GET', '/optional'), 200)
})
