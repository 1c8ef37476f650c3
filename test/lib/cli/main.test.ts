import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKyselyTenantStore, migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { main } from '../../../lib/cli/main.ts'
import { Secret } from '../../../lib/secret.ts'
import { connectInstallation, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { findConnect } from '../../helpers/find-connect.ts'
import { APP, aceFile, clientInfo, newFolder, secretOf } from '../import-ace/ace-tables.ts'

const KEY = Buffer.alloc(32, 7)

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const said = { out: '', err: '' }
  const world = {
    env,
    out(text: string) {
      said.out += text
    },
    err(text: string) {
      said.err += text
    }
  }
  const code = await main(argv, world)
  t.notMatch(said.out + said.err, /SECRET-|hidden/, 'no secret and no password is ever printed')
  return { code, ...said, json: () => JSON.parse(said.out) }
}

function keyFile(t: Test, name = 'key', bytes: Uint8Array = KEY, text = true): string {
  const path = join(newFolder(t), name)
  writeFileSync(path, text ? `${Buffer.from(bytes).toString('base64')}\n` : bytes)
  return path
}

t.test('help is an answer, and a wrong call says what is wrong', async (t) => {
  for (const argv of [['--help'], ['-h'], ['help']])
    t.match(await run(argv), { code: 0, out: /Usage: fastify-atlassian/ })
  for (const command of ['import-ace', 'migrate', 'purge', 'reencrypt']) {
    t.match(await run([command, '--help']), { code: 0, out: new RegExp(`fastify-atlassian ${command}`), err: '' })
  }
  const wrong: [argv: string[], message: RegExp][] = [
    [[], /command is needed/],
    [['toString'], /no command "toString"/],
    [['import-ace'], /--app-key is needed/],
    [['import-ace', '--app-key', APP], /--to is needed/],
    [['import-ace', '--app-key', APP, '--dry-run'], /--from is needed/],
    [['import-ace', '--app-key', APP, '--dry-run', '--from=a', '--ace=b'], /give one of them/],
    [['import-ace', '--from=env:NOTHING', '--to=x.sqlite', '--app-key', APP], /--from .* not set: NOTHING/],
    [['import-ace', '--ace=env:NOTHING', '--to=x.sqlite', '--app-key', APP], /not set: NOTHING/],
    [['import-ace', '--unknown'], /--unknown/],
    [['import-ace', 'postgres://user:hidden@host/db'], /host\/db/],
    [['migrate'], /status, latest/],
    [['migrate', 'down'], /status, latest/],
    [['migrate', 'status'], /--database is needed/],
    [['purge'], /--app-key is needed/],
    [['purge', '--app-key', APP], /--older-than-days is needed/],
    [['purge', '--app-key', APP, '--older-than-days=soon'], /at least 0/],
    [['purge', '--app-key', APP, '--older-than-days=-1'], /at least 0/],
    [['purge', '--app-key', APP, '--older-than-days=30', '--limit=1.5'], /from 1 to 1000/],
    [['purge', '--app-key', APP, '--older-than-days=30', '--limit=1001'], /from 1 to 1000/],
    [['purge', '--app-key', APP, '--older-than-days=30', '--without-hooks'], /--key-file is needed/],
    [['reencrypt', '--database=x.sqlite'], /--key-file is needed/],
    [['reencrypt', '--database=x.sqlite', '--key-file=x'], /ID=FILE/],
    [['reencrypt', '--database=x.sqlite', '--key-file=one=none.key'], /cannot be read/]
  ]
  for (const [argv, message] of wrong) t.match(await run(argv), { code: 2, out: '', err: message }, argv.join(' '))
})

t.test('an address that cannot be used ends with 1, its password unseen', async (t) => {
  const failing = [
    ['migrate', 'status', '--database', 'mongodb://user:hidden@host/db'],
    ['migrate', 'status', '--database', 'postgres://user:hidden@127.0.0.1:1/db'],
    ['migrate', 'latest', '--database', 'env:URL'],
    ['import-ace', '--app-key', APP, '--dry-run', '--ace', 'postgres://user:hid/den@127.0.0.1:1/db']
  ]
  for (const argv of failing)
    t.match(await run(argv, { URL: 'mysql://user:hidden@127.0.0.1:1/db' }), { code: 1, out: '' })
})

t.test('migrations are told and run', async (t) => {
  const database = `sqlite:${newFolder(t)}/app.sqlite`
  t.match(await run(['migrate', 'status', '--database', database]), { code: 3, out: /missing {2}0001-tenants/ })
  t.match(await run(['migrate', 'latest', '--database', database]), { code: 0, out: /0001-tenants/ })
  t.match(await run(['migrate', 'latest', '--database', database]), { code: 0, out: 'Nothing to do\n' })
  const status = await run(['migrate', 'status', '--database', 'env:URL', '--json'], { URL: database })
  t.match(status, { code: 0 })
  t.match(status.json(), { pending: [], unknown: [] })
})

t.test('an import is rehearsed, done, and repeated', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme')
  ace.installed('evil', { baseUrl: 'https://evil.example.com' })
  ace.installed('twice')
  ace.installed('twice', { sharedSecret: secretOf('twice', 2) })
  const file = `${newFolder(t)}/app.sqlite`
  const key = `one=${keyFile(t)}`
  const command = ['import-ace', '--ace', ace.url, '--to', `sqlite:${file}`, '--app-key', APP, '--key-file', key]

  const rehearsal = await run([...command, '--dry-run'])
  t.match(rehearsal, { code: 3, out: /nothing was written[\s\S]*would be created +2\n/ })
  t.match(rehearsal.out, /evil: the site is not among the allowed hosts \(evil\.example\.com\)/)
  t.match(rehearsal.out, /twice: its rows hold different secrets/)
  t.throws(() => readFileSync(file), { code: 'ENOENT' })

  const first = await run([...command, '--json'])
  t.match(first.code, 3)
  t.match(first.json(), { created: 2, refused: 1, verified: 2, complete: true })
  t.match((await run([...command, '--json', '--dry-run'])).json(), { dryRun: true, created: 0, unchanged: 2 })
  const allowed = await run([...command, '--allow-host', '*.atlassian.net', '--allow-host', 'evil.example.com'])
  t.match(allowed, { code: 0, out: /created +1\n/ })
  t.notMatch(readFileSync(file).toString('latin1'), 'SECRET-', 'the secrets are encrypted')

  const store = createKyselyTenantStore({
    appKey: APP,
    database: file,
    encryption: { keys: [{ id: 'one', key: KEY }] }
  })
  await store.open()
  t.equal((await findConnect(store, { clientKey: 'acme' })).sharedSecret.reveal(), secretOf('acme'))
  await store.close()
  t.match(await run([...command.slice(0, -1), `one=${keyFile(t, 'wrong', Buffer.alloc(32, 8))}`]), {
    code: 1,
    err: /"one"/
  })
})

t.test('without a key the development key is used, and named', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme')
  const to = `sqlite:${newFolder(t)}/app.sqlite`
  const command = ['import-ace', '--ace', ace.url, '--to', to, '--app-key', APP]
  t.match(await run(command), { code: 0, err: /development key .*app\.sqlite\.key/ })
})

t.test('rows as MongoDB and DynamoDB export them come from a file', async (t) => {
  const row = (clientKey: string) => clientInfo(clientKey)
  const lines = [
    // mongoexport --jsonFormat relaxed
    { _id: { $oid: '65f0c0ffee65f0c0ffee65f0' }, clientKey: 'mongo', key: 'clientInfo', val: row('mongo') },
    { _id: { $oid: '65f0c0ffee65f0c0ffee65f1' }, clientKey: 'mongo', key: 'colour', val: { of: 'tea' } },
    // aws dynamodb scan through jq, which keeps texts and numbers as texts
    { clientKey: 'dynamo', key: 'clientInfo', val: JSON.stringify(row('dynamo')) },
    { clientKey: 'dynamo', key: 'cups', val: '7' }
  ]
  const file = join(newFolder(t), 'rows.jsonl')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const to = ['--to', `sqlite:${newFolder(t)}/app.sqlite`, '--key-file', `one=${keyFile(t)}`]
  const command = ['import-ace', '--from', file, '--app-key', APP, '--json']
  const counts = { tenants: 2, created: 2, refused: 0, settings: 2 }
  t.match((await run([...command, '--dry-run'])).json(), { ...counts, dryRun: true })
  const done = await run([...command, ...to])
  t.match(done.code, 0)
  t.match(done.json(), { ...counts, verified: 2, settingsTaken: 2 })
})

t.test('a dry run makes no tables in an empty database, and needs none', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme')
  const url = `sqlite:${newFolder(t)}/empty.sqlite`
  await (await openDatabase(url)).close()
  t.match((await run(['import-ace', '--ace', ace.url, '--to', url, '--app-key', APP, '--dry-run', '--json'])).json(), {
    created: 1
  })
  t.match(await run(['migrate', 'status', '--database', url]), { code: 3 })
})

t.test('secrets are written anew with the newest key, and plain text only where it is asked for', async (t) => {
  const ace = aceFile(t)
  ace.installed('acme')
  ace.installed('plain')
  const url = `sqlite:${newFolder(t)}/app.sqlite`
  const one = `one=${keyFile(t, 'one')}`
  const two = `two=${keyFile(t, 'two', Buffer.alloc(32, 9), false)}`
  t.match(await run(['reencrypt', '--database', url, '--key-file', one]), { code: 1, err: /migrations/ })
  await run(['import-ace', '--ace', ace.url, '--to', url, '--app-key', APP, '--key-file', one])
  const database = await openDatabase(url)
  t.teardown(() => database.close())
  await migrateToLatest(database)
  await database.tables
    .updateTable('atl_connects')
    .set({ shared_secret: secretOf('plain') })
    .where('client_key', '=', 'plain')
    .execute()
  const command = ['reencrypt', '--database', url, '--key-file', two, '--key-file', one]
  t.match(await run(command), { code: 1, err: /not encrypted/ })
  const done = await run([...command, '--accept-plaintext', '--json'])
  t.match(done.code, 0)
  t.match(done.json(), { tenants: 2, plaintext: 1, complete: true })
  t.match(await run(command), { code: 0, out: /2 tenants looked at, 0 secrets written anew/ })
  await database.tables
    .updateTable('atl_connects')
    .set({ shared_secret: secretOf('planted') })
    .where('client_key', '=', 'plain')
    .execute()
  t.match(await run([...command, '--accept-plaintext']), { code: 1 }, 'once everything was encrypted, never again')
})

t.test('what is long dead is purged, if it was said that no handler of the app runs', async (t) => {
  const url = `sqlite:${newFolder(t)}/app.sqlite`
  const database = await openDatabase(url)
  t.teardown(() => database.close())
  const store = createKyselyTenantStore({ appKey: APP, database, encryption: { keys: [{ id: 'one', key: KEY }] } })
  await store.open()
  const saveDead = async (days: number): Promise<string> => {
    const tenant = newTenant({ appKey: APP, sharedSecret: new Secret(secretOf('dead')) })
    const endedAtMs = Date.now() - days * 86_400_000
    const installation = connectInstallation(tenant.tenantId, { state: 'uninstalled', endedAtMs })
    return (await store.save({ ...tenant, installations: [installation] }, null)).tenantId
  }
  const old = [await saveDead(90), await saveDead(50)]
  const young = await saveDead(10)
  const living = (await store.save(newTenant({ appKey: APP }), null)).tenantId
  const key = `one=${keyFile(t)}`
  const command = ['purge', '--database', url, '--app-key', APP, '--key-file', key, '--older-than-days', '30']
  const left = async () => (await store.list({ limit: 100 })).map(({ tenantId }) => tenantId).sort()

  t.match(await run(command), { code: 2, out: '', err: /run in the app only.*--without-hooks/ })
  t.match(await run([...command, '--dry-run']), { code: 0, out: /2 tenants would be removed/ })
  t.match(await run([...command.slice(0, 3), '--app-key', 'other', ...command.slice(5), '--dry-run']), {
    code: 0,
    out: /0 tenants would/
  })
  t.equal((await left()).length, 4)
  const first = await run([...command, '--without-hooks', '--limit', '1', '--json'])
  t.match(first.code, 3)
  t.match(first.json(), { tenantIds: [old[0]], kept: [], more: true, dryRun: false })
  t.match(await run([...command, '--without-hooks']), {
    code: 0,
    out: /^1 tenants were removed. No handler.*\n {2}.*\n$/
  })
  t.same(await left(), [young, living].sort())

  await sql`create table cups (tenant_id text not null references atl_tenants (tenant_id))`.execute(database.kysely)
  const owner = await saveDead(60)
  await sql`insert into cups values (${owner})`.execute(database.kysely)
  const refused = await run([...command, '--without-hooks'])
  t.match(refused, { code: 3, out: /still there:\n {2}/ })
  t.match(refused.out, owner, 'what the database does not let go stays whole')
  const wrong = `one=${keyFile(t, 'wrong', Buffer.alloc(32, 8))}`
  t.match(await run([...command, '--dry-run', '--key-file', wrong]), { code: 1, err: /"one"/ })
})
