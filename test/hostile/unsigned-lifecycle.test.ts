// connect.md 9.1, entries 18 and 23: `disabled` and `uninstalled` without a token, and events in the wrong order.
import t from 'tap'
import { findConnect } from '../helpers/find-connect.ts'
import { BAD_LIFECYCLE_BODY, everything, installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

const events = ['installed', 'uninstalled', 'enabled', 'disabled'] as const

t.test('a life-cycle call without a token changes nothing, before and after an uninstall', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira, wiki, store } = scene
  for (const eventType of events) {
    const attack = lifecycleCall(null, lifecycleBody(jira, { eventType, sharedSecret: 'a-new-one' }), `/${eventType}`)
    await refuses(t, scene, attack, undefined, eventType)
    const unknown = lifecycleBody(jira, { eventType, clientKey: 'nobody' })
    await refuses(t, scene, lifecycleCall(null, unknown, `/${eventType}`), undefined, `${eventType} of nobody`)
  }
  t.equal((await host.uninstall({ site: 'confluence' })).status, 204)
  const before = await everything(store)
  for (const eventType of events) {
    const call = lifecycleCall(null, lifecycleBody(wiki, { eventType }), `/${eventType}`)
    t.equal((await app.inject(call)).statusCode, 401, `${eventType} after the uninstall`)
  }
  t.equal(await everything(store), before)
})

t.test('a late `disabled` leaves an uninstalled tenant uninstalled', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  await host.uninstall()
  const before = await everything(store)
  for (const eventType of ['disabled', 'enabled']) {
    const url = `/${eventType}`
    const token = await host.sign.webhookToken({ url })
    const { statusCode } = await app.inject(lifecycleCall(token, lifecycleBody(jira, { eventType }), url))
    t.equal(statusCode, 204, `${eventType} is taken`)
    t.equal(await everything(store), before, `${eventType} changes nothing`)
  }
  t.equal((await host.openPage('panel')).status, 401, 'pages stay refused')
})

t.test('`disabled` and `uninstalled` at the same moment end as uninstalled, in any order', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  for (let round = 0; round < 6; round++) {
    const disabled = lifecycleCall(
      await host.sign.webhookToken({ url: '/disabled' }),
      lifecycleBody(jira, { eventType: 'disabled' }),
      '/disabled'
    )
    const uninstalled = lifecycleCall(
      await host.sign.installToken({ url: '/uninstalled' }),
      lifecycleBody(jira, { eventType: 'uninstalled', sharedSecret: undefined }),
      '/uninstalled'
    )
    const calls = round % 2 === 0 ? [disabled, uninstalled] : [uninstalled, disabled]
    const answers = await Promise.all(calls.map((call) => app.inject(call)))
    t.strictSame(
      answers.map(({ statusCode }) => statusCode),
      [204, 204]
    )
    const tenant = await store.find({ clientKey: jira.clientKey })
    t.strictSame(
      tenant?.installations.map(({ state, enabled }) => ({ state, enabled })),
      [{ state: 'uninstalled', enabled: false }],
      `round ${round}`
    )
    t.equal((await host.install()).status, 204, 'installed again')
  }
})

t.test('a signed `disabled` of one tenant says nothing about another', async (t) => {
  const scene = await installedApp(t)
  const { host, wiki } = scene
  for (const eventType of ['enabled', 'disabled']) {
    const url = `/${eventType}`
    const token = await host.sign.webhookToken({ url })
    const body = lifecycleBody(wiki, { eventType })
    await refuses(t, scene, lifecycleCall(token, body, url), BAD_LIFECYCLE_BODY, eventType)
  }
})

t.test('an uninstall carries no secret into the record and takes none out', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const url = '/uninstalled'
  const body = lifecycleBody(jira, { eventType: 'uninstalled', sharedSecret: 'planted-by-a-stranger' })
  const { statusCode } = await app.inject(lifecycleCall(await host.sign.installToken({ url }), body, url))
  t.equal(statusCode, 204)
  const tenant = await findConnect(store, { clientKey: jira.clientKey })
  t.equal(tenant.sharedSecret.reveal(), jira.sharedSecret)
})
