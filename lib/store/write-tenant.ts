import { randomUUID } from 'node:crypto'
import type { Insertable, Kysely } from 'kysely'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { type ConnectTenant, hasRegistration, type Tenant } from '../tenant/tenant.ts'
import { nextNames } from '../tenant/tenant-names.ts'
import type { DatabaseDialect } from './database.ts'
import { insertUnlessThere } from './insert-unless-there.ts'
import { storeConflict } from './record.ts'
import type { InstallationTable, Tables, TenantTable } from './schema.ts'
import { nameFromRow, rowFromRegistration, rowFromTenant, rowsFromInstallations } from './tenant-rows.ts'

/**
 * Writes the record against the version it was made from, inside the caller's transaction. The row of the tenant
 * comes first: it is the lock that keeps two writers of one tenant apart. Throws `ATL_STORE_CONFLICT`, after which
 * the transaction has to be rolled back.
 */
export async function writeTenant(
  db: Kysely<Tables>,
  dialect: DatabaseDialect,
  cipher: ColumnCipher,
  tenant: Tenant,
  expectedVersion: number | null
): Promise<void> {
  const row = rowFromTenant(tenant)
  const written =
    expectedVersion === null
      ? await insertUnlessThere(db.insertInto('atl_tenants').values(row), dialect)
      : await update(db, row, expectedVersion)
  if (!written) throw storeConflict(tenant)
  if (hasRegistration(tenant)) await writeRegistration(db, dialect, cipher, tenant, expectedVersion === null)
  await writeNames(db, tenant, expectedVersion === null)
  const rows = rowsFromInstallations(tenant)
  await deleteInstallations(db, tenant.tenantId, rows)
  if (rows.length === 0) return
  const kept = dialect === 'mysql' ? await writeOneByOne(db, rows) : await upsert(db, rows)
  if (!kept) throw storeConflict(tenant)
}

async function update(db: Kysely<Tables>, row: Insertable<TenantTable>, expectedVersion: number): Promise<boolean> {
  const { tenant_id, app_key, origin, ...columns } = row
  const { numUpdatedRows } = await db
    .updateTable('atl_tenants')
    .set(columns)
    .where('tenant_id', '=', tenant_id)
    .where('app_key', '=', app_key)
    .where('version', '=', expectedVersion)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows) === 1
}

/** A registration keeps its id, its clientKey and its tenant for good. */
async function writeRegistration(
  db: Kysely<Tables>,
  dialect: DatabaseDialect,
  cipher: ColumnCipher,
  tenant: ConnectTenant,
  isNew: boolean
): Promise<void> {
  const row = rowFromRegistration(tenant, cipher)
  const { connect_id, tenant_id, app_key, client_key, created_at_ms, ...columns } = row
  if (!isNew) {
    const { numUpdatedRows } = await db
      .updateTable('atl_connects')
      .set(columns)
      .where('connect_id', '=', connect_id)
      .where('tenant_id', '=', tenant_id)
      .where('client_key', '=', client_key)
      .executeTakeFirstOrThrow()
    if (Number(numUpdatedRows) === 1) return
  }
  if (!(await insertUnlessThere(db.insertInto('atl_connects').values(row), dialect))) throw storeConflict(tenant)
}

/** Ends the names that the record no longer has, and adds its new ones. */
async function writeNames(db: Kysely<Tables>, tenant: Tenant, isNew: boolean): Promise<void> {
  const rows = isNew
    ? []
    : await db
        .selectFrom('atl_names')
        .selectAll()
        .where('tenant_id', '=', tenant.tenantId)
        .where('until_ms', 'is', null)
        .execute()
  const next = nextNames(rows.map(nameFromRow), tenant)
  const ended = rows.filter((_, n) => next[n]?.untilMs !== null).map(({ name_id }) => name_id)
  if (ended.length > 0) {
    await db.updateTable('atl_names').set({ until_ms: tenant.updatedAtMs }).where('name_id', 'in', ended).execute()
  }
  const begun = next.slice(rows.length)
  if (begun.length === 0) return
  await db
    .insertInto('atl_names')
    .values(
      begun.map(({ kind, value, connectId, sinceMs }) => ({
        name_id: randomUUID(),
        tenant_id: tenant.tenantId,
        app_key: tenant.appKey,
        connect_id: connectId,
        kind,
        value,
        since_ms: sinceMs,
        until_ms: null
      }))
    )
    .execute()
}

type InstallationRow = Omit<Insertable<InstallationTable>, 'id'>

/** Those that the tenant no longer has. */
async function deleteInstallations(
  db: Kysely<Tables>,
  tenantId: string,
  kept: readonly InstallationRow[]
): Promise<void> {
  await db
    .deleteFrom('atl_installations')
    .where('tenant_id', '=', tenantId)
    .$if(kept.length > 0, (query) =>
      query.where((eb) =>
        eb.not(
          eb.or(
            kept.map(({ installation_id, environment_id }) =>
              eb.and([eb('installation_id', '=', installation_id), eb('environment_id', '=', environment_id)])
            )
          )
        )
      )
    )
    .execute()
}

/** An installation keeps its row while it exists. A name that belongs to another tenant is not taken from it. */
async function upsert(db: Kysely<Tables>, rows: readonly InstallationRow[]): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('atl_installations')
    .values(rows.map((row) => ({ ...row, id: randomUUID() })))
    .onConflict((conflict) =>
      conflict
        .columns(['installation_id', 'environment_id'])
        .doUpdateSet((eb) => ({
          position: eb.ref('excluded.position'),
          platform: eb.ref('excluded.platform'),
          client_key: eb.ref('excluded.client_key'),
          products: eb.ref('excluded.products'),
          state: eb.ref('excluded.state'),
          enabled: eb.ref('excluded.enabled'),
          installed_at_ms: eb.ref('excluded.installed_at_ms'),
          ended_at_ms: eb.ref('excluded.ended_at_ms')
        }))
        .whereRef('atl_installations.tenant_id', '=', 'excluded.tenant_id')
    )
    .executeTakeFirstOrThrow()
  return Number(numInsertedOrUpdatedRows ?? 0) === rows.length
}

/** The same on MySQL, which has no condition for what a taken name does. */
async function writeOneByOne(db: Kysely<Tables>, rows: readonly InstallationRow[]): Promise<boolean> {
  for (const row of rows) {
    const { tenant_id, installation_id, environment_id, ...columns } = row
    const own = await db
      .selectFrom('atl_installations')
      .select('id')
      .where('tenant_id', '=', tenant_id)
      .where('installation_id', '=', installation_id)
      .where('environment_id', '=', environment_id)
      .executeTakeFirst()
    if (own !== undefined) {
      await db.updateTable('atl_installations').set(columns).where('id', '=', own.id).execute()
    } else {
      const insert = db.insertInto('atl_installations').values({ ...row, id: randomUUID() })
      if (!(await insertUnlessThere(insert, 'mysql'))) return false
    }
  }
  return true
}

/**
 * A unique name is taken (SQLite, PostgreSQL, MySQL). A server also: not serializable, a deadlock that it resolved, or
 * rows that another transaction held for too long.
 */
const CONCURRENCY_FAILURES: ReadonlySet<unknown> = new Set([
  'SQLITE_CONSTRAINT_UNIQUE',
  'SQLITE_CONSTRAINT_PRIMARYKEY',
  '23505',
  '40001',
  '40P01',
  'ER_DUP_ENTRY',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD'
])

/** Whether a save failed because another one came between, so that reading again and trying again can help. */
export function isConcurrencyFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CONCURRENCY_FAILURES.has(error.code)
}
