import t from 'tap'
import { buildForgeApp } from '../helpers/forge.ts'

t.test('what a route says about Forge is checked at start', async (t) => {
  const wrong: [object, RegExp][] = [
    [{ auth: 'context', forge: {} }, /has to accept "forge"/],
    [{ forge: {} }, /has to accept "forge"/],
    [{ auth: 'forge', forge: 'user' }, /must be an object/],
    [{ auth: 'forge', forge: { module: 'x' } }, /no such member; known are principal, modules/],
    [{ auth: 'forge', forge: { principal: 'maybe' } }, /principal/],
    [{ auth: 'forge', forge: { modules: [] } }, /modules/],
    [{ auth: 'forge', forge: { modules: 'x' } }, /modules/],
    [{ auth: 'forge', forge: { environments: ['production'] } }, /environments\[0\]/],
    [{ auth: 'forge', forge: { installations: ['x'] } }, /installations\[0\]/],
    [{ auth: 'forge', forge: { license: 'active' } }, /license/]
  ]
  for (const [atlassian, message] of wrong) {
    await t.rejects(
      buildForgeApp(t, {
        routes: (app) => app.get('/x', { config: { atlassian: atlassian as never } }, async () => 'x')
      }),
      { code: 'ATL_OPTION', message },
      JSON.stringify(atlassian)
    )
  }
})

t.test('Forge and webhooks or life-cycle calls do not share a route', async (t) => {
  const scene = await buildForgeApp(t)
  for (const other of ['webhook', 'lifecycle', 'none']) {
    t.throws(() => scene.app.atlassian.protect(['forge', other] as never), { code: 'ATL_OPTION' })
  }
})

t.test('a Forge call is answered with nothing of Connect', async (t) => {
  const scene = await buildForgeApp(t, {
    routes(app) {
      const policy = app.atlassian.protect('forge')
      app.get('/client', policy, async (request) => request.hostClient().get('/rest/api/content/1'))
      app.get('/own-session', policy, async (request) => app.atlassian.sessionToken(request))
    }
  })
  const codes = { '/client': 'ATL_FORGE_TOKEN_MISSING', '/own-session': 'ATL_NOT_PROTECTED' }
  for (const [url, code] of Object.entries(codes)) {
    const answer = await scene.app.inject(scene.call(await scene.token(), { url }))
    t.match(answer.json(), { code })
  }
})
