// A site name that was given up and taken by a stranger: the same address, another clientKey.
import t from 'tap'
import { findConnect } from '../helpers/find-connect.ts'
import { installedApp, refuses, withHeader } from './attack.ts'

t.test('a stranger on a freed site name reads nothing of the tenant before', async (t) => {
  const scene = await installedApp(t, {
    routes(app) {
      app.get('/notes', app.atlassian.protect('context'), async ({ tenant }) => ({ tenantId: tenant?.tenantId }))
    }
  })
  const { app, host, jira, store } = scene
  const old = await store.find({ clientKey: jira.clientKey })
  const oldKeys = { clientKey: jira.clientKey, sharedSecret: jira.sharedSecret }
  const oldContext = await host.contextToken()
  const oldSession = (await app.inject(withHeader('/atlassian/session', oldContext, 'POST'))).json().token
  await host.uninstall()

  t.equal((await host.install(undefined, { newClientKey: true })).status, 204, 'the stranger installs')
  const stranger = host.site('jira')
  t.equal(stranger.baseUrl, old?.baseUrl)
  t.not(stranger.clientKey, oldKeys.clientKey)

  const answer = await app.inject(withHeader('/notes', await host.contextToken()))
  t.equal(answer.statusCode, 200)
  t.not(answer.json().tenantId, old?.tenantId, 'the stranger is a tenant of its own')
  const kept = await findConnect(store, { clientKey: oldKeys.clientKey })
  t.equal(kept.tenantId, old?.tenantId)
  t.equal(kept.sharedSecret.reveal(), oldKeys.sharedSecret, 'the old record is whole')
  t.equal(kept.possiblySupersededBy, answer.json().tenantId, 'and says who came after it')

  await refuses(t, scene, withHeader('/notes', oldContext), undefined, 'the old context token')
  await refuses(t, scene, withHeader('/session', oldSession), undefined, 'the old session token')
  for (const [name, claims] of Object.entries({
    'issuer of the old': { iss: oldKeys.clientKey },
    'old as audience': { iss: oldKeys.clientKey, aud: [stranger.clientKey] }
  })) {
    const forged = await host.sign.contextToken({ claims, key: stranger.sharedSecret })
    await refuses(t, scene, withHeader('/notes', forged), undefined, name)
  }
  await t.rejects(app.atlassian.hostClient({ clientKey: oldKeys.clientKey }).get('/rest/api/3/myself'), {
    code: 'ATL_NO_TENANT'
  })
})

t.test('a stranger cannot end or move the tenant before, while that one still lives', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const old = await store.find({ clientKey: jira.clientKey })
  const oldKey = jira.clientKey
  const oldSecret = jira.sharedSecret
  await host.install(undefined, { newClientKey: true })
  await host.uninstall()
  const kept = await store.find({ clientKey: oldKey })
  t.strictSame(kept?.installations, old?.installations, 'the uninstall of the stranger is its own')
  const token = await host.sign.contextToken({ claims: { iss: oldKey }, key: oldSecret })
  t.equal((await app.inject(withHeader('/api', token))).json().clientKey, oldKey)
})

t.test('data moves only when the app says so, and then the tenant before ends at once', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const old = await store.find({ clientKey: jira.clientKey })
  const oldKey = jira.clientKey
  const oldSecret = jira.sharedSecret
  const token = await host.sign.contextToken({ claims: { iss: oldKey }, key: oldSecret })
  t.equal((await app.inject(withHeader('/api', token))).statusCode, 200, 'warm')
  await host.install(undefined, { newClientKey: true })
  const next = await store.find({ clientKey: host.site('jira').clientKey })
  await app.atlassian.tenants.adopt(old?.tenantId ?? '', next?.tenantId ?? '')
  t.equal((await app.inject(withHeader('/api', token))).statusCode, 401)
  await t.rejects(app.atlassian.tenants.adopt(next?.tenantId ?? '', old?.tenantId ?? ''), { code: 'ATL_ADOPT_REFUSED' })
})
