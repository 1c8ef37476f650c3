import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../../lib/secret.ts'
import { createKyselyTenantStore, openDatabase, reencryptSecrets } from '../../../lib/store/index.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { findConnect } from '../../helpers/find-connect.ts'
import { testPostgres } from '../../helpers/postgres.ts'

const appKey = 'contract-app'
const key = (id: string) => ({ id, key: randomBytes(32).toString('base64') })

t.test('no secret is in the file of the database, before and after a rotation', async (t) => {
  const directory = t.testdir()
  const store = createKyselyTenantStore({
    appKey,
    database: join(directory, 'a.sqlite'),
    encryption: { keys: [key('one')] }
  })
  await store.open()
  const secret = randomBytes(300).toString('base64')
  const older = randomBytes(300).toString('base64')
  await store.save({ ...newTenant(), sharedSecret: new Secret(secret), previousSecret: new Secret(older) }, null)
  await store.close()
  const files = readdirSync(directory)
  t.strictSame(
    files.filter((name) => name.endsWith('.key')),
    [],
    'own keys make no development key'
  )
  for (const name of files) {
    const bytes = readFileSync(join(directory, name))
    t.notOk(bytes.includes(secret.slice(0, 40)) || bytes.includes(older.slice(0, 40)), name)
  }
})

t.test('the development key is made once beside the file, for its owner only, and opens it again', async (t) => {
  const database = join(t.testdir(), 'dev.sqlite')
  const first = createKyselyTenantStore({ appKey, database })
  await first.open()
  t.equal(first.developmentKeyFile, `${database}.key`)
  t.equal(statSync(`${database}.key`).mode & 0o777, 0o600)
  const { tenantId } = await first.save({ ...newTenant(), sharedSecret: new Secret('kept') }, null)
  await first.close()
  const second = createKyselyTenantStore({ appKey, database })
  await second.open()
  t.equal((await findConnect(second, { tenantId })).sharedSecret.reveal(), 'kept')
  await second.close()
})

t.test('without the right key a tenant is not read, and the error names the key', async (t) => {
  const database = join(t.testdir(), 'a.sqlite')
  const [one, two] = [key('one'), key('two')]
  const store = createKyselyTenantStore({ appKey, database, encryption: { keys: [one] } })
  await store.open()
  const { tenantId } = await store.save(newTenant(), null)
  await store.close()
  for (const keys of [[two], [key('one')]]) {
    const other = createKyselyTenantStore({ appKey, database, encryption: { keys } })
    await other.open()
    await t.rejects(other.find({ tenantId }), { code: 'ATL_ENCRYPTION_KEY', message: /"one"/ })
    await other.close()
  }
})

t.test(
  'plain text is read on demand, re-encrypted in batches while the app serves, and refused for ever after',
  async (t) => {
    const directory = t.testdir()
    const postgres = await testPostgres(t)
    const urls = [join(directory, 'a.sqlite'), ...(postgres === null ? [] : [await postgres.freshDatabase()])]
    for (const url of urls) {
      const [one, two] = [key('one'), key('two')]
      const database = await openDatabase(url)
      const before = createKyselyTenantStore({ appKey, database, migrate: true, encryption: { keys: [one] } })
      await before.open()
      const tenants = []
      for (let i = 0; i < 25; i++)
        tenants.push(
          await before.save({ ...newTenant(), sharedSecret: new Secret(`secret-${i}`), previousSecret: null }, null)
        )
      for (const { tenantId } of tenants.slice(0, 5)) {
        await database.kysely
          .updateTable('atl_connects')
          .set({ shared_secret: `plain-${tenantId}` })
          .where('tenant_id', '=', tenantId)
          .execute()
      }
      await t.rejects(before.find({ tenantId: tenants[0]?.tenantId ?? '' }), { message: /not encrypted/ })

      const encryption = { keys: [two, one], acceptPlaintext: true }
      const serving = createKyselyTenantStore({ appKey, database, encryption })
      await serving.open()
      t.equal(
        (await findConnect(serving, { tenantId: tenants[0]?.tenantId ?? '' })).sharedSecret.reveal(),
        `plain-${tenants[0]?.tenantId}`
      )

      const controller = new AbortController()
      const part = await reencryptSecrets(database, {
        encryption,
        batchSize: 10,
        signal: controller.signal,
        onProgress: () => controller.abort()
      })
      t.match(part, { tenants: 10, complete: false })
      const rest = await reencryptSecrets(database, { encryption, batchSize: 10 })
      t.match(rest, { tenants: 25, complete: true })
      t.equal(part.rewritten + rest.rewritten, 25)
      t.equal(part.plaintext + rest.plaintext, 5)
      t.match(await reencryptSecrets(database, { encryption }), { tenants: 25, rewritten: 0, complete: true })

      const rows = await database.kysely.selectFrom('atl_connects').select('shared_secret').execute()
      t.ok(rows.every((row) => row.shared_secret.startsWith('atlenc1.two.')))
      const late = createKyselyTenantStore({ appKey, database, encryption })
      await t.rejects(late.open(), { code: 'ATL_OPTION', message: /acceptPlaintext/ })
      const after = createKyselyTenantStore({ appKey, database, encryption: { keys: [two] } })
      await after.open()
      t.equal((await findConnect(after, { tenantId: tenants[20]?.tenantId ?? '' })).sharedSecret.reveal(), 'secret-20')
      await database.close()
    }
  }
)

t.test('a database on a server does not open without keys', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const store = createKyselyTenantStore({ appKey, database: await postgres.freshDatabase(), migrate: true })
  await t.rejects(store.open(), { code: 'ATL_OPTION', message: /encryption/ })
})

t.test('a secret that is copied into another row or column does not open, not even within one tenant', async (t) => {
  const database = await openDatabase(join(t.testdir(), 'a.sqlite'))
  const store = createKyselyTenantStore({ appKey, database, encryption: { keys: [key('one')] } })
  await store.open()
  const jira = await store.save(newTenant(), null)
  const second = { connectId: 'second', clientKey: 'second-key', sharedSecret: new Secret('of the second') }
  await store.save({ ...jira, ...second, product: 'confluence' }, 1)
  const stored = await database.tables
    .selectFrom('atl_connects')
    .select(['shared_secret', 'previous_secret'])
    .where('connect_id', '=', jira.connectId)
    .executeTakeFirstOrThrow()
  for (const foreign of [stored.shared_secret, stored.previous_secret]) {
    await database.tables
      .updateTable('atl_connects')
      .set({ shared_secret: foreign ?? '' })
      .where('connect_id', '=', 'second')
      .execute()
    await t.rejects(store.find({ clientKey: 'second-key' }), { code: 'ATL_ENCRYPTION_KEY' })
  }
  t.equal((await findConnect(store, { clientKey: jira.clientKey })).clientKey, jira.clientKey)
  await database.close()
})

t.test('a tenant whose key is lost can still be purged, and holds up no other', async (t) => {
  const database = await openDatabase(join(t.testdir(), 'a.sqlite'))
  const [lost, kept] = [key('lost'), key('kept')]
  const before = createKyselyTenantStore({ appKey, database, encryption: { keys: [lost] } })
  await before.open()
  const tenant = newTenant()
  const dead = {
    installations: tenant.installations.map((one) => ({ ...one, state: 'uninstalled' as const, endedAtMs: 5 }))
  }
  await before.save({ ...tenant, ...dead }, null)
  const store = createKyselyTenantStore({ appKey, database, encryption: { keys: [kept] } })
  await store.open()
  const listed = await store.remover?.listDead({ diedBeforeMs: 10, limit: 10 })
  t.match(listed, [{ tenant: { tenantId: tenant.tenantId, clientKey: null }, diedAtMs: 5 }])
  for (const { tenant: ended } of listed ?? []) t.equal(await store.remover?.remove(ended, 10, async () => {}), true)
  t.equal(await store.find({ tenantId: tenant.tenantId }), null)
  await database.close()
})
