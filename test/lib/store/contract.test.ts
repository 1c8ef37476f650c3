import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'
import { tenantStoreContract } from '../../../lib/testing/tenant-store-contract.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testPostgres } from '../../helpers/postgres.ts'

t.test('the memory store keeps every promise of the port', async (t) => {
  tenantStoreContract({
    test: (name, run) => t.test(name, run),
    async createStore({ appKey }) {
      const store = createMemoryTenantStore({ appKey })
      await store.open()
      return { store, dispose: () => store.close() }
    }
  })
})

t.test('the SQLite store keeps every promise of the port', async (t) => {
  tenantStoreContract({
    test: (name, run) => t.test(name, run),
    async createStore({ appKey }) {
      const directory = mkdtempSync(join(tmpdir(), 'atl-store-'))
      const connect = async (options: { appKey: string }) => {
        const store = createKyselyTenantStore({ ...options, database: join(directory, 'tenants.sqlite') })
        await store.open()
        return store
      }
      const store = await connect({ appKey })
      return {
        store,
        connect,
        async dispose() {
          await store.close()
          rmSync(directory, { recursive: true })
        }
      }
    }
  })
})

t.test('the PostgreSQL store keeps every promise of the port', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const url = await postgres.freshDatabase()
  const database = await openDatabase(url)
  t.teardown(() => database.close())
  await migrateToLatest(database)
  t.test('connections that the server cuts end nothing, and are replaced', async (t) => {
    const store = createKyselyTenantStore({ appKey: 'contract-app', database: url, encryption: testEncryption })
    await store.open()
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(database.kysely)
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
      await sql`truncate atl_tenants, atl_accounts cascade`.execute(database.kysely)
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
