import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tenant } from '../tenant/tenant.ts'
import { storeConflict } from './record.ts'
import type { Tables } from './schema.ts'
import { rowFromTenant, rowsFromInstallations } from './tenant-rows.ts'

/**
 * Writes the record against the version it was made from, inside the caller's transaction. The row of the tenant
 * comes first: it is the lock that keeps two writers of one tenant apart. Throws `ATL_STORE_CONFLICT`, after which
 * the transaction has to be rolled back.
 */
export async function writeTenant(db: Kysely<Tables>, tenant: Tenant, expectedVersion: number | null): Promise<void> {
  const written = expectedVersion === null ? await insert(db, tenant) : await update(db, tenant, expectedVersion)
  if (written !== 1) throw storeConflict(tenant)
  await replaceInstallations(db, tenant)
}

async function insert(db: Kysely<Tables>, tenant: Tenant): Promise<number> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('atl_tenants')
    .values(rowFromTenant(tenant))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return Number(numInsertedOrUpdatedRows ?? 0)
}

async function update(db: Kysely<Tables>, tenant: Tenant, expectedVersion: number): Promise<number> {
  const { tenant_id, app_key, ...columns } = rowFromTenant(tenant)
  const { numUpdatedRows } = await db
    .updateTable('atl_tenants')
    .set(columns)
    .where('tenant_id', '=', tenant_id)
    .where('app_key', '=', app_key)
    .where('version', '=', expectedVersion)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** An installation keeps its row while it exists. A name that belongs to another tenant is not taken from it. */
async function replaceInstallations(db: Kysely<Tables>, tenant: Tenant): Promise<void> {
  const rows = rowsFromInstallations(tenant)
  await db
    .deleteFrom('atl_installations')
    .where('tenant_id', '=', tenant.tenantId)
    .$if(rows.length > 0, (query) =>
      query.where((eb) =>
        eb.not(
          eb.or(
            rows.map(({ installation_id, environment_id }) =>
              eb.and([eb('installation_id', '=', installation_id), eb('environment_id', '=', environment_id)])
            )
          )
        )
      )
    )
    .execute()
  if (rows.length === 0) return
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('atl_installations')
    .values(rows.map((row) => ({ ...row, id: randomUUID() })))
    .onConflict((conflict) =>
      conflict
        .columns(['installation_id', 'environment_id'])
        .doUpdateSet((eb) => ({
          position: eb.ref('excluded.position'),
          platform: eb.ref('excluded.platform'),
          state: eb.ref('excluded.state'),
          enabled: eb.ref('excluded.enabled'),
          installed_at_ms: eb.ref('excluded.installed_at_ms'),
          ended_at_ms: eb.ref('excluded.ended_at_ms')
        }))
        .whereRef('atl_installations.tenant_id', '=', 'excluded.tenant_id')
    )
    .executeTakeFirstOrThrow()
  if (Number(numInsertedOrUpdatedRows ?? 0) !== rows.length) throw storeConflict(tenant)
}

/** SQLite and PostgreSQL: a unique name is taken. PostgreSQL also: not serializable, or a deadlock it resolved. */
const CONCURRENCY_FAILURES: ReadonlySet<unknown> = new Set([
  'SQLITE_CONSTRAINT_UNIQUE',
  'SQLITE_CONSTRAINT_PRIMARYKEY',
  '23505',
  '40001',
  '40P01'
])

/** Whether a save failed because another one came between, so that reading again and trying again can help. */
export function isConcurrencyFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CONCURRENCY_FAILURES.has(error.code)
}
