import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importAce, openAceSource } from 'fastify-atlassian/import-ace'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import type { AceImportOptions } from '../../../lib/import-ace/import-ace.ts'
import { findConnect } from '../../helpers/find-connect.ts'
import { APP, aceFile, clientInfo, newFolder, secretOf } from './ace-tables.ts'

const NOW = Date.UTC(2026, 0, 1)

async function importing(t: Test, address: string, options: Partial<AceImportOptions> = {}) {
  const store = createMemoryTenantStore({ appKey: APP })
  const source = await openAceSource(address)
  t.teardown(() => source.close())
  const run = (more: Partial<AceImportOptions> = {}) =>
    importAce({ source, store, appKey: APP, clock: () => NOW, ...options, ...more })
  return { store, run }
}

t.test('a tenant arrives whole, and older than anything that a host signs later', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme', {
    productType: 'confluence',
    baseUrl: 'https://acme.atlassian.net/wiki/',
    oauthClientId: 'client',
    entitlementId: 'E-1'
  })
  const { store, run } = await importing(t, ace.url)
  t.match(await run(), { tenants: 1, created: 1, verified: 1, refused: 0, complete: true, problems: [], notes: [] })
  const tenant = await findConnect(store, { clientKey: 'acme' })
  t.match(tenant, {
    appKey: APP,
    product: 'confluence',
    baseUrl: 'https://acme.atlassian.net/wiki',
    oauthClientId: 'client',
    entitlementId: 'E-1',
    previousSecret: null,
    secretVersion: 1,
    lastInstallIatSeconds: 0,
    installTokens: [],
    createdAtMs: NOW,
    version: 1
  })
  t.equal(tenant.sharedSecret.reveal(), secretOf('acme'))
  t.match(tenant.installations, [
    { platform: 'connect', state: 'installed', enabled: true, installationId: `connect:${tenant.tenantId}` }
  ])
})

t.test('a dry run counts what a run would do, and writes nothing', async (t) => {
  const ace = aceFile(t)
  for (const name of ['a', 'b', 'c']) ace.installed(name)
  const { store, run } = await importing(t, ace.url)
  t.match(await run({ dryRun: true }), { dryRun: true, tenants: 3, created: 3, verified: 3 })
  t.match(await run({ dryRun: true, store: null }), { created: 3 }, 'without a store too')
  t.same(await store.list({ limit: 10 }), [])
  await t.rejects(run({ store: null }), { code: 'ATL_OPTION' })
})

t.test('a second run changes only what ACE has changed', async (t) => {
  const ace = aceFile(t)
  ace.installed('same')
  ace.installed('rotated')
  ace.installed('renamed')
  const { store, run } = await importing(t, ace.url)
  await run()
  ace.changed('rotated', { sharedSecret: secretOf('rotated', 2) })
  ace.changed('renamed', { baseUrl: 'https://other.atlassian.net' })
  t.match(await run(), { created: 0, updated: 2, unchanged: 1, verified: 3 })
  t.equal((await store.find({ clientKey: 'same' }))?.version, 1)
  const rotated = await findConnect(store, { clientKey: 'rotated' })
  t.equal(rotated.sharedSecret.reveal(), secretOf('rotated', 2))
  t.equal(rotated.previousSecret?.reveal(), secretOf('rotated'), 'the secret before verifies for its time')
  t.equal((await store.find({ clientKey: 'renamed' }))?.baseUrl, 'https://other.atlassian.net')
  t.match(await run(), { updated: 0, unchanged: 3 })
})

t.test('a tenant that was installed or ended here is never touched', async (t) => {
  const ace = aceFile(t)
  for (const name of ['installed', 'ended', 'adopted']) ace.installed(name)
  const { store, run } = await importing(t, ace.url)
  await run()
  const [installed, ended, adopted] = await Promise.all(
    ['installed', 'ended', 'adopted'].map((clientKey) => findConnect(store, { clientKey }))
  )
  if (!installed || !ended || !adopted) throw new Error('three tenants')
  await store.save({ ...installed, lastInstallIatSeconds: 7 }, 1)
  const over = ended.installations.map((one) => ({ ...one, state: 'uninstalled' as const, endedAtMs: NOW }))
  await store.save({ ...ended, installations: over }, 1)
  await store.save({ ...adopted, adoptedBy: installed.tenantId }, 1)
  for (const name of ['installed', 'ended', 'adopted']) ace.changed(name, { sharedSecret: secretOf(name, 2) })
  t.match(await run(), { kept: 3, updated: 0, verified: 0 })
  t.equal((await findConnect(store, { clientKey: 'installed' })).sharedSecret.reveal(), secretOf('installed'))
})

t.test('what cannot be taken is told by row and reason, and never by its secret', async (t) => {
  const ace = aceFile(t)
  const bad: Record<string, object> = {
    secretless: { sharedSecret: undefined },
    emptysecret: { sharedSecret: '' },
    secretnumber: { sharedSecret: 12345678 },
    baseless: { baseUrl: undefined },
    elsewhere: { baseUrl: 'https://evil.example.com' },
    lookalike: { baseUrl: 'https://acme.atlassian.net.evil.example' },
    plainhttp: { baseUrl: 'http://acme.atlassian.net' },
    otherapp: { key: 'another-app' },
    otherkey: { clientKey: 'somebody-else' },
    bitbucket: { productType: 'bitbucket' },
    ended: { eventType: 'uninstalled' },
    control: { displayUrl: 'https://a\u0000b.atlassian.net' }
  }
  for (const [name, members] of Object.entries(bad)) ace.installed(name, members)
  ace.row('text', 'clientInfo', 'not json at all')
  ace.row('list', 'clientInfo', [])
  ace.row('nothing', 'clientInfo', 'null')
  ace.row(APP, 'clientInfo', clientInfo(APP))
  ace.row(null, 'clientInfo', clientInfo('nameless'))
  ace.installed('good')
  const { store, run } = await importing(t, ace.url)
  const result = await run()
  t.same(Object.fromEntries(result.problems.map(({ clientKey, reason, detail }) => [clientKey, [reason, detail]])), {
    secretless: ['member', 'sharedSecret'],
    emptysecret: ['member', 'sharedSecret'],
    secretnumber: ['member', 'sharedSecret'],
    baseless: ['member', 'baseUrl'],
    elsewhere: ['host-not-allowed', 'evil.example.com'],
    lookalike: ['host-not-allowed', 'acme.atlassian.net.evil.example'],
    plainhttp: ['host-not-allowed', 'acme.atlassian.net'],
    otherapp: ['other-app', 'another-app'],
    otherkey: ['other-client-key', ''],
    bitbucket: ['member', 'productType'],
    ended: ['not-installed', 'uninstalled'],
    control: ['member', 'displayUrl'],
    text: ['not-an-object', ''],
    list: ['not-an-object', ''],
    nothing: ['not-an-object', ''],
    [APP]: ['member', 'clientKey'],
    null: ['no-client-key-or-key', 'AddonSettings id 17']
  })
  t.match(result, { tenants: 17, created: 1, refused: 16, verified: 1 })
  t.notMatch(JSON.stringify(result), /SECRET-|12345678/)
  t.equal((await store.list({ limit: 100 })).length, 1)
})

t.test('the list of hosts is an option', async (t) => {
  const ace = aceFile(t)
  ace.installed('local', { baseUrl: 'http://127.0.0.1:3001' })
  const { run } = await importing(t, ace.url)
  t.match(await run(), { refused: 1 })
  t.match(await run({ allowedHosts: ['http://127.0.0.1:3001'] }), { created: 1 })
  await t.rejects(run({ allowedHosts: ['*'] }), { code: 'ATL_OPTION' })
})

t.test('of several rows the one that ACE keeps up wins, and another secret verifies for a while', async (t) => {
  const ace = aceFile(t)
  ace.row('twice', 'clientInfo', '{"broken":')
  ace.installed('twice', { sharedSecret: secretOf('twice', 2) })
  ace.installed('twice', { sharedSecret: secretOf('twice', 1) })
  ace.installed('same')
  ace.installed('same')
  const { store, run } = await importing(t, ace.url)
  const result = await run()
  t.match(result, { tenants: 2, created: 2, duplicateRows: 3, verified: 2, refused: 0 })
  t.same(result.notes, [{ clientKey: 'twice', reason: 'two-secrets', detail: '3 rows' }])
  const tenant = await findConnect(store, { clientKey: 'twice' })
  t.equal(tenant.sharedSecret.reveal(), secretOf('twice', 2))
  t.equal(tenant.previousSecret?.reveal(), secretOf('twice', 1))
  t.equal(tenant.previousSecretRetiredAtMs, NOW)
  t.match(await run(), { unchanged: 2 })
})

t.test('JSON text in a JSON column is read as old versions of ACE wrote it', async (t) => {
  const ace = aceFile(t)
  ace.row(
    'old',
    'clientInfo',
    JSON.stringify(JSON.stringify(clientInfo('old', { productType: undefined, eventType: undefined })))
  )
  const { store, run } = await importing(t, ace.url)
  t.match(await run(), { created: 1, verified: 1 })
  t.match(await store.find({ clientKey: 'old' }), { product: 'jira' })
})

t.test('an installation id of two tenants is given to neither by guessing', async (t) => {
  const ace = aceFile(t)
  ace.installed('first', { installationId: 'shared' })
  ace.installed('second', { installationId: 'shared' })
  ace.installed('third', { installationId: 'own' })
  ace.link('shared', 'first')
  ace.link('shared', 'second')
  ace.link('own', 'third')
  ace.link('newer', 'third')
  const { store, run } = await importing(t, ace.url)
  const result = await run()
  t.match(result, { created: 3, verified: 3, refused: 0 })
  t.same(
    result.notes.map(({ clientKey, reason }) => [clientKey, reason]),
    [
      ['first', 'shared-installation'],
      ['second', 'shared-installation']
    ]
  )
  t.equal(await store.find({ installationId: 'shared' }), null)
  t.equal((await store.find({ installationId: 'own' }))?.clientKey, 'third')
  t.equal((await store.find({ installationId: 'newer' }))?.clientKey, 'third')
  t.match(await run(), { unchanged: 3 })
})

t.test('an installation id that a tenant of ours holds stays with it', async (t) => {
  const ace = aceFile(t)
  ace.installed('first', { installationId: 'shared' })
  ace.installed('second', { installationId: 'shared' })
  const { store, run } = await importing(t, ace.url)
  t.match(await run(), { created: 2, notes: [{ clientKey: 'second', reason: 'shared-installation' }] })
  t.equal((await store.find({ installationId: 'shared' }))?.clientKey, 'first')
})

t.test('user tokens are left behind, and settings of the app are handed over', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme', { installationId: 'forge-1' })
  ace.row('acme', 'bearer:0123456789abcdef0123456789abcdef', { token: 'user-token', expiresAt: 1 })
  ace.row('acme', 'colour', { sky: 'blue' })
  ace.row('gone', 'colour', 'orphan')
  ace.exec(`insert into ForgeSettings (installationId, key, val) values ('forge-1', 'answer', '42')`)
  const { run } = await importing(t, ace.url)
  const taken: unknown[] = []
  const onSetting: AceImportOptions['onSetting'] = ({ tenant, ...setting }) => taken.push([tenant.clientKey, setting])
  t.match(await run({ onSetting, dryRun: true }), { settings: 3, settingsTaken: 0, userTokens: 1 })
  t.same(taken, [])
  t.match(await run({ onSetting }), { settings: 3, settingsTaken: 2, userTokens: 1 })
  t.same(taken, [
    ['acme', { installationId: null, key: 'colour', value: { sky: 'blue' } }],
    ['acme', { installationId: 'forge-1', key: 'answer', value: 42 }]
  ])
})

t.test('rows of a file are taken as those of a database', async (t) => {
  const lines = [
    { clientKey: 'acme', key: 'clientInfo', val: clientInfo('acme', { sharedSecret: secretOf('acme', 1) }) },
    {
      _id: { $oid: '1' },
      clientKey: 'acme',
      key: 'clientInfo',
      val: JSON.stringify(clientInfo('acme', { sharedSecret: secretOf('acme', 2) }))
    },
    { clientKey: 'acme', key: 'bearer:1', val: { token: 'user-token' } },
    { clientKey: 'acme', key: 'colour', val: 'blue' },
    { installationId: 'forge-1', clientKey: 'acme' },
    { installationId: 'forge-1', key: 'answer', val: '42' },
    { other: 'thing' }
  ].map((line) => JSON.stringify(line))
  const path = join(newFolder(t), 'rows.jsonl')
  writeFileSync(
    path,
    [...lines, '', 'SECRET-in-a-broken-line', '[]', '{"clientKey":"last","key":"clientInfo"}'].join('\r\n')
  )
  const { store, run } = await importing(t, path)
  const result = await run()
  t.match(result, { tenants: 2, created: 1, refused: 1, duplicateRows: 1, userTokens: 1, settings: 2 })
  t.same(result.problems, [
    { clientKey: 'last', reason: 'not-an-object', detail: '' },
    { clientKey: null, reason: 'no-known-row', detail: 'line 7' },
    { clientKey: null, reason: 'not-a-json-object', detail: 'line 9' },
    { clientKey: null, reason: 'not-a-json-object', detail: 'line 10' }
  ])
  t.equal(
    (await findConnect(store, { installationId: 'forge-1' })).sharedSecret.reveal(),
    secretOf('acme', 2),
    'the later line'
  )
  await t.rejects(openAceSource(join(newFolder(t), 'missing.jsonl')), { code: 'ATL_STORE_UNAVAILABLE' })
  const folder = join(newFolder(t), 'folder.jsonl')
  mkdirSync(folder)
  await t.rejects(openAceSource(folder), { code: 'ATL_STORE_UNAVAILABLE' })
})

t.test("ACE's file is opened for reading only, and a wrong one is named", async (t) => {
  const ace = aceFile(t, 'MyTenants')
  const before = ace.journalMode()
  await t.rejects(openAceSource(ace.url), { code: 'ATL_OPTION', message: /"AddonSettings".*look like it: MyTenants/ })
  await (await openAceSource(ace.url, { table: 'MyTenant' })).close()
  t.same(ace.journalMode(), before)
  await t.rejects(openAceSource(`sqlite:${newFolder(t)}/none.sqlite`), {
    code: 'ATL_STORE_UNAVAILABLE',
    message: /no such file/
  })
  const refusal = await openAceSource('mongodb://user:hidden@host/db').catch((error: Error) => error.message)
  t.match(refusal, /database address/)
  t.notMatch(refusal, 'hidden')
})

t.test('an import of many tenants can be stopped, and the next run goes on', async (t) => {
  const ace = aceFile(t)
  ace.exec('begin')
  for (let n = 0; n < 1100; n++) ace.installed(`site-${n}`)
  ace.exec('commit')
  const { run } = await importing(t, ace.url)
  const stop = new AbortController()
  const part = await run({ signal: stop.signal, onProgress: ({ tenants }) => tenants === 700 && stop.abort() })
  t.match(part, { complete: false, tenants: 700, created: 700 })
  t.match(await run(), { complete: true, tenants: 1100, created: 400, unchanged: 700, verified: 1100 })
})

t.test('a failing store ends the import with its own error', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme')
  const { store, run } = await importing(t, ace.url)
  const failing = { ...store, save: async () => Promise.reject(new Error('disk full')) }
  await t.rejects(run({ store: failing }), { message: 'disk full' })
  t.match(
    await run({ store: { ...store, save: async () => Promise.reject(new TypeError('"baseUrl" cannot be stored')) } }),
    {
      refused: 1,
      problems: [{ clientKey: 'acme', reason: 'cannot-be-stored' }]
    }
  )
  const forgetful = { ...store, find: async () => null }
  t.match(await run({ store: forgetful }), { refused: 1, problems: [{ clientKey: 'acme', reason: 'not-verified' }] })
})
