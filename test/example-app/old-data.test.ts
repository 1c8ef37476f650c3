import { join } from 'node:path'
import { migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import { sql } from 'kysely'
import t from 'tap'
import { buildApp } from '../../example-app/app.ts'
import { type ChecklistTables, migrateChecklists } from '../../example-app/checklist-store.ts'
import { addItems, itemsOf } from './setup.ts'

const place = { site: 'acme-jira', issue: 'TEA-1' } as const

t.test('checklists of the first version are there after its upgrade, and go when their tenant is purged', async (t) => {
  const databaseUrl = join(t.testdir(), 'example.sqlite')
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const start = () =>
    buildApp({
      baseUrl: 'http://127.0.0.1:3000',
      databaseUrl,
      forge: host.forge.connectOptions(),
      connect: host.connectOptions()
    })
  const before = await start()
  await host.install(before, { site: place.site })
  await addItems(host, place, 'warm the pot', 'pour')
  await before.close()

  // The table as the first version made it, with a row of a tenant that was deleted by hand.
  const database = await openDatabase<ChecklistTables>(databaseUrl)
  const { kysely: db } = database
  await sql`alter table checklist_items rename to kept`.execute(db)
  await sql`drop index checklist_items_subject`.execute(db)
  await sql`create table checklist_items (id text primary key, tenant_id text not null, subject text not null,
    place text not null, label text not null, title text not null, text text not null, done integer not null,
    position integer not null)`.execute(db)
  await sql`create index checklist_items_subject on checklist_items (tenant_id, subject)`.execute(db)
  const columns = sql`id, tenant_id, subject, place, label, title, text, done, position`
  await sql`insert into checklist_items (${columns}) select ${columns} from kept`.execute(db)
  await sql`insert into checklist_items values ('lost', 'nobody', '1', '1', '', '', 'lost', 0, 1)`.execute(db)
  await sql`drop table kept`.execute(db)
  await sql`delete from checklist_migrations where name = '0002-owned-by-tenant'`.execute(db)
  await database.close()

  const app = await start()
  t.teardown(() => app.close())
  await host.install(app, { site: place.site })
  t.same(
    (await itemsOf(host, place)).map(({ text }) => text),
    ['warm the pot', 'pour']
  )
  await host.uninstall({ site: place.site })
  const [tenant] = await app.atlassian.tenants.list()
  const { tenantIds } = await app.atlassian.tenants.purge({ olderThanDays: -0 })
  t.same(tenantIds, [tenant?.tenantId])
  const after = await openDatabase<ChecklistTables>(databaseUrl)
  t.same(await after.kysely.selectFrom('checklist_items').selectAll().execute(), [])
  t.same(await migrateToLatest(after), [])
  await migrateChecklists(after)
  await after.close()
})
