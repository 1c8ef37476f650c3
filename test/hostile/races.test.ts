// connect.md 9.1, entry 23: installs at the same moment, and calls that arrive after a newer one.
import t from 'tap'
import { findConnect } from '../helpers/find-connect.ts'
import { everything, installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

t.test('installs at the same moment end in one whole record', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const secrets = Array.from({ length: 12 }, (_, index) => `secret-number-${index}`)
  const calls = await Promise.all(
    secrets.map(async (sharedSecret) => ({
      secret: sharedSecret,
      call: lifecycleCall(
        await host.sign.installToken(),
        lifecycleBody(jira, { sharedSecret, displayUrl: `https://${sharedSecret}.example.com` })
      )
    }))
  )
  const answers = await Promise.all(calls.map(({ call }) => app.inject(call)))
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [204])
  const tenant = await findConnect(store, { clientKey: jira.clientKey })
  const secret = tenant.sharedSecret.reveal()
  t.ok(secrets.includes(secret))
  t.equal(tenant.displayUrl, `https://${secret}.example.com`, 'secret and addresses are of one call')
  t.equal((await store.list({ limit: 10 })).length, 2, 'and no second record came to be')
})

t.test('first installs of one site at the same moment make one tenant', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const calls = Array.from({ length: 8 }, async () => {
    const token = await host.sign.installToken({ claims: { iss: 'newcomer' } })
    return await app.inject(lifecycleCall(token, lifecycleBody(jira, { clientKey: 'newcomer' })))
  })
  const answers = await Promise.all(calls)
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [204])
  t.equal((await store.list({ limit: 10 })).filter(({ clientKey }) => clientKey === 'newcomer').length, 1)
})

t.test('an upgrade call of an old version after a rotation brings no old secret back', async (t) => {
  const scene = await installedApp(t)
  const { host, jira, clock, store } = scene
  const oldSecret = jira.sharedSecret
  const lateUpgrade = lifecycleCall(await host.sign.installToken(), lifecycleBody(jira))
  const lateUninstall = lifecycleCall(
    await host.sign.installToken({ url: '/uninstalled' }),
    lifecycleBody(jira, { eventType: 'uninstalled', sharedSecret: undefined }),
    '/uninstalled'
  )
  clock.advanceSeconds(1)
  t.equal((await host.rotateSecret()).status, 204)
  await refuses(t, scene, lateUpgrade, undefined, 'the late upgrade')
  await refuses(t, scene, lateUninstall, undefined, 'the late uninstall')
  const stored = (await findConnect(store, { clientKey: jira.clientKey })).sharedSecret.reveal()
  t.equal(stored, host.site('jira').sharedSecret)
  t.not(stored, oldSecret)
})

t.test('pages that load while a secret rotates are never a 500', async (t) => {
  const { app, host, jira, clock, store } = await installedApp(t)
  const statuses = new Set<number>()
  for (let round = 0; round < 5; round++) {
    clock.advanceSeconds(1)
    const token = await host.sign.pageToken({ url: '/panel' })
    const page = async () => statuses.add((await app.inject(`/panel?jwt=${token}`)).statusCode)
    await Promise.all([page(), page(), host.rotateSecret(), page(), page()])
    await page()
  }
  t.strictSame([...statuses], [200], 'the secret before is good for a moment')
  t.equal((await store.find({ clientKey: jira.clientKey }))?.secretVersion, 6)
})

t.test('a change of the record behind our back is a new try and no lost update', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const before = await everything(store)
  const tenant = await store.find({ clientKey: jira.clientKey })
  t.ok(tenant)
  if (tenant === null) return
  const [answer] = await Promise.all([
    app.inject(
      lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { displayUrl: 'https://new.example.com' }))
    ),
    store.save({ ...tenant, cloudId: 'found-by-another-process' }, tenant.version)
  ])
  t.equal(answer.statusCode, 204)
  const after = await store.find({ clientKey: jira.clientKey })
  t.strictSame([after?.cloudId, after?.displayUrl], ['found-by-another-process', 'https://new.example.com'])
  t.not(await everything(store), before)
})
