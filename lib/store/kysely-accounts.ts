import { type Kysely, sql } from 'kysely'
import { AtlassianError } from '../errors.ts'
import type { AccountClaim, AccountOutcome, AccountStore, ClaimedAccount } from '../tenant/account-store.ts'
import { accountRecord } from './account-record.ts'
import type { DatabaseHandle } from './database.ts'
import { insertUnlessThere } from './insert-unless-there.ts'
import { canBeName } from './record.ts'
import { retryDeadlock } from './retry-deadlock.ts'
import type { Tables } from './schema.ts'

/**
 * Accounts in a database. The row of an account is written first in every transaction, so that whoever adds a use and
 * whoever ends the account wait for each other.
 */
export function createKyselyAccounts(appKey: string, database: () => DatabaseHandle): AccountStore {
  const inTransaction = <Result>(work: (db: Kysely<Tables>) => Promise<Result>): Promise<Result> =>
    retryDeadlock(() => database().tables.transaction().execute(work))

  const accountRow = (db: Kysely<Tables>, accountId: string) =>
    db.updateTable('atl_accounts').where('app_key', '=', appKey).where('account_id', '=', accountId)

  const usesOf = (db: Kysely<Tables>, accountId: string) =>
    db
      .selectFrom('atl_account_uses')
      .select(['tenant_id', 'updated_at_ms'])
      .where('app_key', '=', appKey)
      .where('account_id', '=', accountId)

  /** Locks the row of the account for this transaction, and makes it if there is none. */
  async function touchAccount(db: Kysely<Tables>, accountId: string, dueAtMs: number): Promise<void> {
    const row = { app_key: appKey, account_id: accountId, answer: null, due_at_ms: dueAtMs, claim: 0 }
    for (;;) {
      if (await lockAccount(db, accountId)) return
      if (await insertUnlessThere(db.insertInto('atl_accounts').values(row), database().dialect)) return
    }
  }

  /** Writes what stands there, which locks the row; tells whether there is one. */
  async function lockAccount(db: Kysely<Tables>, accountId: string): Promise<boolean> {
    const { numUpdatedRows } = await accountRow(db, accountId)
      .set({ claim: sql<number>`claim` })
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows) === 1
  }

  async function putUse(db: Kysely<Tables>, tenantId: string, accountId: string, updatedAtMs: number): Promise<void> {
    const columns = { tenant_id: tenantId, account_id: accountId, app_key: appKey, updated_at_ms: updatedAtMs }
    if (await insertUnlessThere(db.insertInto('atl_account_uses').values(columns), database().dialect)) return
    await updateUse(db, tenantId, accountId, updatedAtMs)
  }

  async function updateUse(
    db: Kysely<Tables>,
    tenantId: string,
    accountId: string,
    updatedAtMs: number
  ): Promise<void> {
    await db
      .updateTable('atl_account_uses')
      .set({ updated_at_ms: updatedAtMs })
      .where('tenant_id', '=', tenantId)
      .where('account_id', '=', accountId)
      .where('app_key', '=', appKey)
      .where('updated_at_ms', '<', updatedAtMs)
      .execute()
  }

  async function endClaim(
    db: Kysely<Tables>,
    accountId: string,
    claim: number,
    { answer, dueAtMs }: AccountOutcome
  ): Promise<boolean> {
    const { numUpdatedRows } = await accountRow(db, accountId)
      .where('claim', '=', claim)
      .set({ answer, due_at_ms: dueAtMs, claim: claim + 1 })
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows) === 1
  }

  /** The account goes with its last use. Its row is locked by now, so that no use is added meanwhile. */
  async function endUnused(db: Kysely<Tables>, accountId: string): Promise<void> {
    if ((await usesOf(db, accountId).limit(1).execute()).length > 0) return
    await db.deleteFrom('atl_accounts').where('app_key', '=', appKey).where('account_id', '=', accountId).execute()
  }

  async function deleteUse(db: Kysely<Tables>, tenantId: string, accountId: string, maxMs?: number): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('atl_account_uses')
      .where('tenant_id', '=', tenantId)
      .where('account_id', '=', accountId)
      .where('app_key', '=', appKey)
      .$if(maxMs !== undefined, (query) => query.where('updated_at_ms', '<=', maxMs ?? 0))
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows) === 1
  }

  /** `null`: another process has it. */
  async function claimOne(
    accountId: string,
    claim: number,
    { nowMs, leaseMs }: AccountClaim
  ): Promise<ClaimedAccount | null> {
    return inTransaction(async (db) => {
      const { numUpdatedRows } = await accountRow(db, accountId)
        .where('claim', '=', claim)
        .set({ claim: claim + 1, due_at_ms: nowMs + leaseMs })
        .executeTakeFirstOrThrow()
      if (Number(numUpdatedRows) === 0) return null
      const row = await db
        .selectFrom('atl_accounts')
        .select('answer')
        .where('app_key', '=', appKey)
        .where('account_id', '=', accountId)
        .executeTakeFirstOrThrow()
      const uses = (await usesOf(db, accountId).orderBy('tenant_id').execute()).map((use) => ({
        tenantId: use.tenant_id,
        updatedAtMs: Number(use.updated_at_ms)
      }))
      if (uses.length > 0) return { accountId, answer: row.answer, uses, claim: claim + 1 }
      // The tenants that had it were purged.
      await endUnused(db, accountId)
      return null
    })
  }

  return {
    async put(tenantId, given, dueAtMs) {
      const { accountId, updatedAtMs } = accountRecord(given)
      const owner = canBeName(tenantId) && (await findTenant(tenantId))
      if (!owner) throw new AtlassianError('ATL_NO_TENANT', 'accounts', { tenantId })
      await inTransaction(async (db) => {
        await touchAccount(db, accountId, dueAtMs)
        await putUse(db, tenantId, accountId, updatedAtMs)
      })
    },

    async delete(tenantId, accountId) {
      if (!canBeName(tenantId) || !canBeName(accountId)) return false
      return inTransaction(async (db) => {
        if (!(await lockAccount(db, accountId))) return false
        const had = await deleteUse(db, tenantId, accountId)
        await endUnused(db, accountId)
        return had
      })
    },

    async list(tenantId, { after, limit }) {
      if (!canBeName(tenantId)) return []
      const rows = await database()
        .tables.selectFrom('atl_account_uses')
        .select(['account_id', 'updated_at_ms'])
        .where('tenant_id', '=', tenantId)
        .where('app_key', '=', appKey)
        .where('account_id', '>', after)
        .orderBy('account_id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ accountId: row.account_id, updatedAtMs: Number(row.updated_at_ms) }))
    },

    async claim(request) {
      const claimed: ClaimedAccount[] = []
      // Rows that another process takes in this moment are looked for again, so that few ever find none.
      for (let rounds = 0; rounds < 5 && claimed.length < request.limit; rounds++) {
        const rows = await database()
          .tables.selectFrom('atl_accounts')
          .select(['account_id', 'claim'])
          .where('app_key', '=', appKey)
          .where('answer', request.answered ? 'is not' : 'is', null)
          .where('due_at_ms', '<=', request.nowMs)
          .orderBy('due_at_ms')
          .orderBy('account_id')
          .limit(request.limit - claimed.length)
          .execute()
        for (const { account_id, claim } of rows) {
          const one = await claimOne(account_id, Number(claim), request)
          if (one !== null) claimed.push(one)
        }
        if (rows.length === 0) break
      }
      return claimed
    },

    async settle({ accountId, claim }, outcome) {
      return retryDeadlock(() => endClaim(database().tables, accountId, claim, outcome))
    },

    async erased({ accountId, claim, uses }, dueAtMs) {
      return inTransaction(async (db) => {
        if (!(await endClaim(db, accountId, claim, { answer: null, dueAtMs }))) return false
        for (const { tenantId, updatedAtMs } of uses) await deleteUse(db, tenantId, accountId, updatedAtMs)
        await endUnused(db, accountId)
        return true
      })
    },

    async refreshed({ accountId, claim, uses }, updatedAtMs, dueAtMs) {
      return inTransaction(async (db) => {
        if (!(await endClaim(db, accountId, claim, { answer: null, dueAtMs }))) return false
        for (const { tenantId } of uses) await updateUse(db, tenantId, accountId, updatedAtMs)
        return true
      })
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      const rows = await database()
        .tables.selectFrom('atl_account_uses')
        .select('account_id')
        .where('tenant_id', '=', fromTenantId)
        .where('app_key', '=', appKey)
        .execute()
      let moved = 0
      for (const { account_id } of rows) {
        await inTransaction(async (db) => {
          await touchAccount(db, account_id, 0)
          const use = await usesOf(db, account_id).where('tenant_id', '=', fromTenantId).executeTakeFirst()
          if (use === undefined) return
          await putUse(db, toTenantId, account_id, Number(use.updated_at_ms))
          if (await deleteUse(db, fromTenantId, account_id)) moved += 1
        })
      }
      return moved
    }
  }

  async function findTenant(tenantId: string): Promise<boolean> {
    const row = await database()
      .tables.selectFrom('atl_tenants')
      .select('tenant_id')
      .where('tenant_id', '=', tenantId)
      .where('app_key', '=', appKey)
      .executeTakeFirst()
    return row !== undefined
  }
}
