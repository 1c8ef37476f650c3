import { randomUUID } from 'node:crypto'
import { type Database, migrateToLatest, tenantForeignKey } from 'fastify-atlassian/store'
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

/** One row per item. What it hangs on, an issue or a page, is told in each row. */
interface ChecklistItemTable {
  readonly id: string
  /** Whose row this is. Every statement below names it: no tenant sees or changes the rows of another. */
  readonly tenant_id: string
  /** Id of the issue or page. A tenant is one site of one product, so the two never meet. */
  readonly subject: string
  /** Id of its project or space. */
  readonly place: string
  /** Key of the issue, empty for a page. Copies, like the title: webhooks keep them in step. */
  readonly label: string
  readonly title: string
  readonly text: string
  /** 0 or 1. */
  readonly done: number
  readonly position: number
}

export interface ChecklistTables {
  readonly checklist_items: ChecklistItemTable
}

/** One issue or page of one tenant. */
export interface Subject {
  readonly tenantId: string
  readonly subject: string
}

export interface SubjectFacts {
  readonly place: string
  readonly label: string
  readonly title: string
}

export interface ChecklistItem {
  readonly id: string
  readonly text: string
  readonly done: boolean
}

export interface ChecklistSummary {
  readonly subject: string
  readonly label: string
  readonly title: string
  readonly done: number
  readonly total: number
}

export type ChecklistStore = ReturnType<typeof createChecklistStore>

/** The same statements for SQLite and PostgreSQL. */
export function createChecklistStore({ kysely: db }: Database<ChecklistTables>) {
  return {
    async list({ tenantId, subject }: Subject): Promise<ChecklistItem[]> {
      const rows = await db
        .selectFrom('checklist_items')
        .select(['id', 'text', 'done'])
        .where('tenant_id', '=', tenantId)
        .where('subject', '=', subject)
        .orderBy('position')
        .orderBy('id')
        .execute()
      return rows.map(({ id, text, done }) => ({ id, text, done: done === 1 }))
    },

    async add({ tenantId, subject }: Subject, facts: SubjectFacts, texts: readonly string[]): Promise<void> {
      const { last } = await db
        .selectFrom('checklist_items')
        .select(({ fn }) => fn.max('position').as('last'))
        .where('tenant_id', '=', tenantId)
        .where('subject', '=', subject)
        .executeTakeFirstOrThrow()
      const rows = texts.map((text, index) => ({
        id: randomUUID(),
        tenant_id: tenantId,
        subject,
        ...facts,
        text: text.trim(),
        done: 0,
        position: Number(last ?? 0) + 1 + index
      }))
      await db.insertInto('checklist_items').values(rows).execute()
    },

    /** Whether this changed anything. */
    async tick({ tenantId, subject }: Subject, id: string, done: boolean): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('checklist_items')
        .set({ done: done ? 1 : 0 })
        .where('id', '=', id)
        .where('tenant_id', '=', tenantId)
        .where('subject', '=', subject)
        .where('done', '=', done ? 0 : 1)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },

    /** One item, or all of them. */
    async remove({ tenantId, subject }: Subject, id?: string): Promise<void> {
      await db
        .deleteFrom('checklist_items')
        .where('tenant_id', '=', tenantId)
        .where('subject', '=', subject)
        .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
        .execute()
    },

    /** Removes every item of a project or space that is done, and tells how many there were. */
    async removeDone(tenantId: string, place: string): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('checklist_items')
        .where('tenant_id', '=', tenantId)
        .where('place', '=', place)
        .where('done', '=', 1)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },

    async rename({ tenantId, subject }: Subject, facts: SubjectFacts): Promise<void> {
      await db
        .updateTable('checklist_items')
        .set({ ...facts })
        .where('tenant_id', '=', tenantId)
        .where('subject', '=', subject)
        .execute()
    },

    /** The checklists of a tenant, or of one project or space. */
    async summaries(tenantId: string, place?: string): Promise<ChecklistSummary[]> {
      const rows = await db
        .selectFrom('checklist_items')
        .select(({ fn }) => [
          'subject',
          fn.max('label').as('label'),
          fn.max('title').as('title'),
          fn.sum('done').as('done'),
          fn.countAll().as('total')
        ])
        .where('tenant_id', '=', tenantId)
        .$if(place !== undefined, (query) => query.where('place', '=', place ?? ''))
        .groupBy('subject')
        .orderBy('subject')
        .limit(200)
        .execute()
      return rows.map((row) => ({ ...row, done: Number(row.done), total: Number(row.total) }))
    },

    /** Everything that one tenant has belongs to another from now on. */
    async move(fromTenantId: string, toTenantId: string): Promise<void> {
      await db
        .updateTable('checklist_items')
        .set({ tenant_id: toTenantId })
        .where('tenant_id', '=', fromTenantId)
        .execute()
    }
  }
}

type TenantForeignKey = Awaited<ReturnType<typeof tenantForeignKey>>

const migrations = (ownedByTenant: TenantForeignKey): Record<string, Migration> => ({
  '0001-items': {
    async up(db) {
      await db.schema
        .createTable('checklist_items')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('tenant_id', 'text', (column) => column.notNull())
        .addColumn('subject', 'text', (column) => column.notNull())
        .addColumn('place', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addColumn('done', 'integer', (column) => column.notNull())
        .addColumn('position', 'integer', (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('checklist_items_subject')
        .on('checklist_items')
        .columns(['tenant_id', 'subject'])
        .execute()
    }
  },

  // A tenant that is purged takes its checklists with it. SQLite adds no foreign key to a table that exists, so the
  // rows move to a new one; those of tenants that nobody knows stay behind.
  '0002-owned-by-tenant': {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('checklist_items_new')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .$call(ownedByTenant)
        .addColumn('subject', 'text', (column) => column.notNull())
        .addColumn('place', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addColumn('done', 'integer', (column) => column.notNull())
        .addColumn('position', 'integer', (column) => column.notNull())
        .execute()
      await sql`
        insert into checklist_items_new (id, tenant_id, subject, place, label, title, text, done, position)
        select id, tenant_id, subject, place, label, title, text, done, position from checklist_items
        where tenant_id in (select tenant_id from atl_tenants)`.execute(db)
      await db.schema.dropTable('checklist_items').execute()
      await db.schema.alterTable('checklist_items_new').renameTo('checklist_items').execute()
      await db.schema
        .createIndex('checklist_items_subject')
        .on('checklist_items')
        .columns(['tenant_id', 'subject'])
        .execute()
    }
  }
})

/**
 * The tables of the tenants first, for ours refer to them; then Kysely's own migrator, with table names of ours.
 * Several processes may run it at once.
 */
export async function migrateChecklists(database: Database<ChecklistTables>): Promise<void> {
  await migrateToLatest(database)
  const ownedByTenant = await tenantForeignKey(database)
  const migrator = new Migrator({
    db: database.kysely,
    provider: { getMigrations: async () => migrations(ownedByTenant) },
    migrationTableName: 'checklist_migrations',
    migrationLockTableName: 'checklist_migrations_lock'
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}
