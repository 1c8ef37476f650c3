import { ace } from 'fastify-atlassian/ace'
import t from 'tap'
import { ACCOUNT_ID, EVENT, INSTALLATION } from '../helpers/forge.ts'
import { buildCallScene } from '../helpers/forge-calls.ts'
import { installed } from '../plugins/lifecycle-sender.ts'

t.test('a route of Forge has both contexts, and the tenant that Connect knows', async (t) => {
  const { app, host, api, send, bearer, lines } = await buildCallScene(t, {
    routes(app) {
      const addon = ace(app)
      addon.get('/remote', [addon.authenticateForge(), addon.associateConnect()], async (req, res) => {
        const { forge, http, ...context } = req.context
        const kept = await addon.settings.forForgeInstallation(forge?.app.installationId ?? '').get('kept')
        res.json({ ...context, forge, hasClient: http !== null, kept, token: context.token })
      })
      app.get('/native', { preHandler: addon.authenticateForge() }, async (request) => ({
        revealed: request.context.forge?.tokens.app?.reveal() === bearer('system')
      }))
    }
  })
  const { clientKey, baseUrl } = host.site('jira')
  api.answerKey(() => ({ body: { key: 'connect_client_key', value: clientKey } }))
  await installed(host, app)
  t.equal((await send('/remote', { system: bearer('system') })).statusCode, 200)
  for (let tries = 0; tries < 200; tries++) {
    const found = await app.atlassian.tenants.find({ installationId: INSTALLATION })
    if (found?.clientKey === clientKey) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const tenant = await app.atlassian.tenants.find({ installationId: INSTALLATION })
  await tenant?.settings.ofInstallation(INSTALLATION).set('kept', { cups: 7 })
  const answer = await send('/remote', { system: bearer('system'), user: bearer('user') })
  t.match(answer.json(), {
    clientKey,
    hostBaseUrl: baseUrl,
    userAccountId: ACCOUNT_ID,
    token: '',
    hasClient: true,
    kept: { cups: 7 },
    forge: { app: { installationId: INSTALLATION }, principal: ACCOUNT_ID, apiBaseUrl: /^http/ }
  })
  t.notMatch(answer.body, bearer('system'), 'a token is not printed by accident')
  t.same((await send('/native', { system: bearer('system') })).json(), { revealed: true })
  t.equal((await send('/remote', { changes: EVENT })).statusCode, 403, 'a user has to act')
  t.equal((await app.inject('/remote')).statusCode, 401)
  t.notMatch(lines.join(''), bearer('system'))
})
