import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrationStatus, openDatabase, reencryptSecrets } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { buildApp } from '../../example-app/app.ts'
import { manifest } from '../../example-app/forge.ts'
import { testEncryption } from '../helpers/encryption.ts'
import { testPostgres } from '../helpers/postgres.ts'
import { restore } from './dump.ts'
import { type Found, readAll } from './expected.ts'

const DIALECTS = ['sqlite', 'postgres'] as const
const dumps = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.sql'))

t.test('there are dumps of every database, and each says what is in it', async (t) => {
  for (const dialect of DIALECTS) {
    t.ok(dumps.includes(`0001.${dialect}.sql`), 'of the first version')
    t.ok(dumps.includes(`0003.${dialect}.sql`), 'of the last one before secrets moved into a table of their own')
  }
  for (const dump of dumps) t.ok(expectedOf(dump).tenants.length > 5, dump)
})

t.test('SQLite', async (t) => {
  for (const dump of dumps.filter((name) => name.includes('.sqlite.'))) {
    await t.test(dump, (t) => livesOn(t, dump, join(t.testdir(), 'old.sqlite')))
  }
})

t.test('PostgreSQL', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  for (const dump of dumps.filter((name) => name.includes('.postgres.'))) {
    await t.test(dump, async (t) => livesOn(t, dump, await postgres.freshDatabase()))
  }
})

/** The database of an older version opens, is migrated, loses nothing, and serves the example app. */
async function livesOn(t: Test, dump: string, url: string): Promise<void> {
  const { encrypted, ...expected } = expectedOf(dump)
  await restore(url, readFileSync(join(import.meta.dirname, dump), 'utf8'))
  const first = encrypted ? testEncryption : { ...testEncryption, acceptPlaintext: true }
  t.same(await readAll(url, first), expected, 'every tenant, checklist, setting and waiting delivery')

  if (!encrypted)
    await t.rejects(readAll(url, testEncryption), { code: 'ATL_ENCRYPTION_KEY' }, 'plain text is asked for')
  const database = await openDatabase(url)
  t.match(await reencryptSecrets(database, { encryption: first }), { complete: true })
  t.match(await migrationStatus(database), { pending: [], unknown: [] })
  await database.close()
  t.same((await readAll(url, testEncryption)).tenants, expected.tenants, 'and again with every secret encrypted')

  const baseUrl = 'http://127.0.0.1:3000'
  const forge = { appId: manifest.app.id, environments: ['PRODUCTION'], jwksUrl: 'http://127.0.0.1:9/jwks.json' }
  const app = await buildApp({
    baseUrl,
    databaseUrl: url,
    encryption: testEncryption,
    log: { level: 'silent' },
    forge
  })
  const ids = new Set(expected.tenants.map(({ tenantId }) => tenantId))
  t.equal((await app.atlassian.tenants.list()).length, ids.size, 'the example app starts on it')
  await app.close()
}

function expectedOf(dump: string): Found & { readonly encrypted: boolean } {
  return JSON.parse(readFileSync(join(import.meta.dirname, dump.replace(/\.sql$/, '.json')), 'utf8'))
}
