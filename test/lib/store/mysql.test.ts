import { inspect } from 'node:util'
import { Kysely, MysqlDialect, sql } from 'kysely'
import t from 'tap'
import { createDatabase, openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { migrateToLatest } from '../../../lib/store/migrate.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { testMariadb } from '../../helpers/mariadb.ts'

const APP_KEY = 'contract-app'

t.test('MariaDB', async (t) => {
  const mariadb = await testMariadb(t)
  if (mariadb === null) return

  t.test('every connection is strict and sees what was committed, whatever the server thinks', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase(), { pool: { max: 2 } })
    await Promise.all(
      [1, 2].map(() =>
        database.kysely.connection().execute(async (connection) => {
          const { rows } = await sql<{ mode: string; isolation: string; wait: number }>`
            select @@session.sql_mode as mode, @@session.tx_isolation as isolation,
              @@session.innodb_lock_wait_timeout as wait`.execute(connection)
          t.match(rows[0]?.mode, 'STRICT_ALL_TABLES')
          t.notMatch(rows[0]?.mode, 'NO_BACKSLASH_ESCAPES')
          t.match(rows, [{ isolation: 'READ-COMMITTED', wait: 10 }])
          await sql`select sleep(0.05)`.execute(connection)
        })
      )
    )
    await database.close()
  })

  t.test('an error of the database repeats no value of its statement', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase())
    const error = await sql`insert into missing values (${'hunter2'})`.execute(database.kysely).catch((error) => error)
    t.match(error, { code: 'ER_NO_SUCH_TABLE' })
    t.notMatch(inspect(error, { depth: 5, showHidden: true }), 'hunter2')
    await database.close()
  })

  t.test('an object as a value is no piece of a statement', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase())
    await sql`create table account (name varchar(50), pass varchar(50))`.execute(database.kysely)
    await sql`insert into account values ('a', 'b')`.execute(database.kysely)
    const { rows } = await sql`select * from account where name = ${'a'} and pass = ${{ pass: 1 }}`.execute(
      database.kysely
    )
    t.same(rows, [])
    await database.close()
  })

  t.test('a query waits for a connection no longer than it was told', async (t) => {
    const database = await openDatabase(await mariadb.freshDatabase(), {
      pool: { max: 1, connectionTimeoutMs: 200 }
    })
    await database.kysely.connection().execute(async () => {
      await t.rejects(sql`select 1`.execute(database.kysely), /no connection to the database within 200 ms/)
    })
    t.same((await sql`select 1 as one`.execute(database.kysely)).rows, [{ one: 1 }])
    await database.close()
  })

  t.test('a pool that the app made with the settings of the driver serves a store too', async (t) => {
    const { createPool } = await import('mysql2')
    const pool = createPool({ uri: await mariadb.freshDatabase() })
    const kysely = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) })
    const database = createDatabase({ dialect: 'mysql', kysely })
    await migrateToLatest(database)
    const store = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption, ownsDatabase: true })
    await store.open()
    const saved = await store.save(newTenant(), null)
    t.equal((await store.save(saved, 1)).version, 2, 'nothing but the version changed')
    await t.rejects(store.save(saved, 1), { code: 'ATL_STORE_CONFLICT' })
    await store.close()
    t.same((await sql`select 1 as one`.execute(kysely)).rows, [{ one: 1 }], 'it is not ours to close')
    await kysely.destroy()
  })
})
