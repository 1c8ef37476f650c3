import { sql } from 'kysely'
import t from 'tap'
import { openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'
import { tenantStoreContract } from '../../../lib/testing/tenant-store-contract.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testMariadb } from '../../helpers/mariadb.ts'

t.test('the MariaDB store keeps every promise of the port', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb === null) return
  const url = await mariadb.freshDatabase()
  const database = await openDatabase(url)
  t.teardown(() => database.close())
  await migrateToLatest(database)

  t.test('connections that the server cuts end nothing, and are replaced', async (t) => {
    const store = createKyselyTenantStore({ appKey: 'contract-app', database: url, encryption: testEncryption })
    await store.open()
    const { rows } = await sql<{ id: number }>`select id from information_schema.processlist
      where db = database() and id <> connection_id()`.execute(database.kysely)
    await mariadb.administer(...rows.map(({ id }) => `kill ${id}`))
    let found: unknown
    for (let tries = 0; tries < 10 && found !== null; tries += 1) {
      found = await store.find({ clientKey: 'any' }).catch((error) => error)
    }
    t.equal(found, null)
    await store.close()
  })

  tenantStoreContract({
    test: (name, run) => t.test(name, run),
    async createStore({ appKey }) {
      for (const table of [
        'atl_deliveries',
        'atl_settings',
        'atl_tokens',
        'atl_account_uses',
        'atl_accounts',
        'atl_installations',
        'atl_names',
        'atl_connects',
        'atl_tenants'
      ]) {
        await sql`delete from ${sql.table(table)}`.execute(database.kysely)
      }
      const connect = async (options: { appKey: string }) => {
        const store = createKyselyTenantStore({ ...options, database: url, encryption: testEncryption })
        await store.open()
        return store
      }
      const store = await connect({ appKey })
      return { store, connect, dispose: () => store.close() }
    }
  })
})
