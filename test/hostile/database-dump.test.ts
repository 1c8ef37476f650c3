// Who has the whole database, as a dump or as the bytes of its file, has no secret in any encoding.

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createKyselyTenantStore, migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import pg from 'pg'
import t, { type Test } from 'tap'
import { Secret } from '../../lib/secret.ts'
import { newTenant } from '../../lib/testing/store-contract-fixtures.ts'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { testPostgres } from '../helpers/postgres.ts'
import { dumpPostgres } from '../old-databases/dump.ts'
import { withHeader } from './attack.ts'

const TOKEN = /[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}/g
const KEYS = ['first', 'second'].map((id) => ({ id, key: randomBytes(32) }))
/** Other in JSON, in SQL and in an address than as it is. */
const ODD = 'quote" back\\slash \' line\nend \u{1f980} and much more of it, as hosts may send'

/** What stays in the database after installs, rotations, uninstalls, settings, webhooks and visits of users. */
async function live(t: Test, url: string): Promise<Needle[]> {
  const secrets = new Set<string>([ODD, `previous ${ODD}`])
  const tokens = new Set<string>()
  const note = (text: string) => {
    for (const token of text.match(TOKEN) ?? []) tokens.add(token)
  }
  const { app, host } = await buildApp(t, {
    store: (appKey) =>
      createKyselyTenantStore({ appKey, database: url, migrate: true, encryption: { keys: KEYS.slice(1) } }),
    routes(app: FastifyInstance) {
      app.addHook('onRequest', async ({ raw, headers }) => note(`${raw.url}\n${headers.authorization}`))
      app.addHook('onSend', async (_request, _reply, payload) => note(String(payload)))
      app.get('/call', app.atlassian.protect('context'), async (request) => {
        return request.hostClient().get('/rest/api/3/myself')
      })
      app.atlassian.events.on('jira:issue_updated', () => {
        throw new Error('the payload stays in the inbox')
      })
    }
  })
  const remember = () => {
    for (const { sharedSecret } of host.sites) secrets.add(sharedSecret)
  }
  const both = ['jira', 'confluence']
  for (const site of both) await host.install(app, { site })
  remember()
  for (const user of ['Ada', 'Bo', null]) {
    await host.openPage('panel', { user, issue: 'TEA-1' })
    await host.callApp('/api', { user })
    await host.callApp('/call', { user })
    const session = await app.inject(withHeader('/atlassian/session', await host.contextToken({ user }), 'POST'))
    await app.inject(withHeader('/session', session.json().token))
  }
  await host.rotateSecret({ site: 'jira' })
  remember()
  await host.sendWebhook('jira:issue_updated', { issue: 'TEA-1' })
  await host.act({ type: 'updateIssue', issue: 'TEA-2', summary: 'a new summary' })
  await host.settled()
  await host.uninstall({ site: 'confluence' })
  await host.install(app, { site: 'confluence' })
  remember()
  await host.rotateSecret({ site: 'confluence' })
  remember()
  const [tenant] = await app.atlassian.tenants.list()
  await tenant?.settings.set('colour', 'of the setting')
  await tenant?.settings.ofInstallation(tenant.installations[0]?.installationId ?? '').set('size', 'of the setting')
  await app.close()

  const store = createKyselyTenantStore({ appKey: APP_KEY, database: url, encryption: { keys: KEYS } })
  await store.open()
  const odd = { sharedSecret: new Secret(ODD), previousSecret: new Secret(`previous ${ODD}`) }
  await store.save(newTenant({ appKey: APP_KEY, clientKey: 'odd', ...odd }), null)
  await store.close()
  t.ok(secrets.size >= 6 && tokens.size > 15, `${secrets.size} secrets and ${tokens.size} tokens are looked for`)
  return [
    ...[...secrets].map((secret) => ({ what: 'a shared secret', bytes: Buffer.from(secret) })),
    ...[...tokens].map((token) => ({ what: 'a token', bytes: Buffer.from(token) })),
    ...[...tokens].map((token) => ({ what: 'a signature', bytes: Buffer.from(token.split('.')[2] ?? token) })),
    ...KEYS.map(({ key }) => ({ what: 'a key', bytes: key }))
  ]
}

interface Needle {
  readonly what: string
  readonly bytes: Buffer
}

/** The forms in which these bytes may stand somewhere, inside of a larger text too. */
function formsOf(bytes: Buffer): Buffer[] {
  const text = bytes.toString('utf8')
  const json = JSON.stringify(text).slice(1, -1)
  const base64 = [0, 1, 2].map((before) => {
    // What comes before and after decides about the characters at the ends, so these are left out.
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const texts = [
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    json,
    JSON.stringify(json).slice(1, -1),
    json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    text.replaceAll("'", "''"),
    encodeURIComponent(text)
  ]
  return [bytes, Buffer.from(text, 'utf16le'), ...texts.map((form) => Buffer.from(form))]
}

function findIn(haystack: Buffer, needles: readonly Needle[]): string[] {
  return needles.flatMap(({ what, bytes }) => (formsOf(bytes).some((form) => haystack.includes(form)) ? [what] : []))
}

/** The search would find something: it finds what does stand there, and a secret that was planted in each form. */
function checkSearch(t: Test, haystack: Buffer, needles: readonly Needle[]): void {
  for (const text of [APP_KEY, 'of the setting', 'jira:issue_updated', 'odd', 'atlenc1.second', 'atlenc1.first']) {
    t.ok(haystack.includes(text), `"${text}" is there`)
  }
  for (const bytes of [Buffer.from(ODD), ...needles.map(({ bytes }) => bytes).slice(0, 3)]) {
    for (const form of formsOf(bytes)) {
      const planted = Buffer.concat([haystack.subarray(0, 1000), form, haystack.subarray(1000)])
      if (findIn(planted, [{ what: 'planted', bytes }]).length === 0) t.fail(`not found: ${form}`)
    }
    for (const around of ['', 'x', 'xy', 'xyz']) {
      const inside = Buffer.from(Buffer.concat([Buffer.from(around), bytes, Buffer.from('end')]).toString('base64'))
      t.same(findIn(inside, [{ what: 'planted', bytes }]), ['planted'])
    }
  }
}

t.test('the bytes of a SQLite file hold no secret', async (t) => {
  const folder = t.testdir()
  const needles = await live(t, join(folder, 'app.sqlite'))
  const haystack = Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file))))
  t.same(findIn(haystack, needles), [])
  checkSearch(t, haystack, needles)
})

t.test('a dump of a PostgreSQL database holds no secret', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const url = await postgres.freshDatabase()
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await database.close()
  const needles = await live(t, url)
  const rows = await everyRow(url)
  t.same(findIn(rows, needles), [], 'select * of every table')
  checkSearch(t, rows, needles)
  const dump = await dumpPostgres(url).catch((error: Error) => error)
  // It has to be there, and at least as new as the server.
  if (dump instanceof Error) t.comment(`pg_dump was not used: ${dump.message.split('\n').at(-2)}`)
  else t.same(findIn(Buffer.from(dump), needles), [], 'pg_dump')
})

async function everyRow(url: string): Promise<Buffer> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: tables } = await client.query<{ table: string }>(
    "select format('%I.%I', schemaname, tablename) as table from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
  )
  const values: string[] = []
  for (const { table } of tables) {
    const { rows } = await client.query<unknown[]>({ text: `select * from ${table}`, rowMode: 'array' })
    values.push(
      table,
      ...rows.flat().map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
    )
  }
  await client.end()
  return Buffer.from(values.join('\n'))
}
