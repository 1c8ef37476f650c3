import { AtlassianError } from '../errors.ts'
import type { AccountAnswer, AccountStore, AccountUse, ClaimedAccount } from '../tenant/account-store.ts'
import { accountRecord } from './account-record.ts'

export interface MemoryAccounts extends AccountStore {
  /** Removes everything of this tenant. */
  forget(tenantId: string): void
}

interface Entry {
  answer: AccountAnswer | null
  dueAtMs: number
  claim: number
  readonly uses: Map<string, number>
}

/** The accounts of the memory store. Every method does its work in one synchronous step, so none can interleave. */
export function createMemoryAccounts(knowsTenant: (tenantId: string) => boolean): MemoryAccounts {
  const accounts = new Map<string, Entry>()

  function drop(accountId: string, entry: Entry, tenantId: string): boolean {
    const had = entry.uses.delete(tenantId)
    if (entry.uses.size === 0) accounts.delete(accountId)
    return had
  }

  function held({ accountId, claim }: ClaimedAccount): Entry | null {
    const entry = accounts.get(accountId)
    return entry?.claim === claim ? entry : null
  }

  function put(tenantId: string, accountId: string, updatedAtMs: number, dueAtMs: number): void {
    const entry = accounts.get(accountId) ?? { answer: null, dueAtMs, claim: 0, uses: new Map() }
    accounts.set(accountId, entry)
    entry.uses.set(tenantId, Math.max(updatedAtMs, entry.uses.get(tenantId) ?? 0))
  }

  return {
    forget(tenantId) {
      for (const [accountId, entry] of accounts) drop(accountId, entry, tenantId)
    },

    async put(tenantId, given, dueAtMs) {
      const { accountId, updatedAtMs } = accountRecord(given)
      if (!knowsTenant(tenantId)) throw new AtlassianError('ATL_NO_TENANT', 'accounts', { tenantId })
      put(tenantId, accountId, updatedAtMs, dueAtMs)
    },

    async delete(tenantId, accountId) {
      const entry = accounts.get(accountId)
      return entry !== undefined && drop(accountId, entry, tenantId)
    },

    async list(tenantId, { after, limit }) {
      return [...accounts]
        .flatMap(([accountId, { uses }]) => {
          const updatedAtMs = uses.get(tenantId)
          return updatedAtMs === undefined || accountId <= after ? [] : [{ accountId, updatedAtMs }]
        })
        .sort((a, b) => (a.accountId < b.accountId ? -1 : 1))
        .slice(0, limit)
    },

    async claim({ nowMs, leaseMs, limit, answered }) {
      return [...accounts]
        .filter(([, { answer, dueAtMs }]) => (answer !== null) === answered && dueAtMs <= nowMs)
        .sort(([a, one], [b, two]) => one.dueAtMs - two.dueAtMs || (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([accountId, entry]) => {
          entry.claim += 1
          entry.dueAtMs = nowMs + leaseMs
          const uses: AccountUse[] = [...entry.uses]
            .map(([tenantId, updatedAtMs]) => ({ tenantId, updatedAtMs }))
            .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1))
          return { accountId, answer: entry.answer, uses, claim: entry.claim }
        })
    },

    async settle(claimed, { answer, dueAtMs }) {
      const entry = held(claimed)
      if (entry === null) return false
      Object.assign(entry, { answer, dueAtMs, claim: entry.claim + 1 })
      return true
    },

    async erased(claimed, dueAtMs) {
      const entry = held(claimed)
      if (entry === null) return false
      Object.assign(entry, { answer: null, dueAtMs, claim: entry.claim + 1 })
      for (const { tenantId, updatedAtMs } of claimed.uses) {
        if ((entry.uses.get(tenantId) ?? 0) <= updatedAtMs) drop(claimed.accountId, entry, tenantId)
      }
      return true
    },

    async refreshed(claimed, updatedAtMs, dueAtMs) {
      const entry = held(claimed)
      if (entry === null) return false
      Object.assign(entry, { answer: null, dueAtMs, claim: entry.claim + 1 })
      for (const { tenantId } of claimed.uses) {
        const known = entry.uses.get(tenantId)
        if (known !== undefined) entry.uses.set(tenantId, Math.max(known, updatedAtMs))
      }
      return true
    },

    async move(fromTenantId, toTenantId) {
      if (fromTenantId === toTenantId) return 0
      let moved = 0
      for (const [accountId, entry] of accounts) {
        const updatedAtMs = entry.uses.get(fromTenantId)
        if (updatedAtMs === undefined) continue
        put(toTenantId, accountId, updatedAtMs, entry.dueAtMs)
        drop(accountId, entry, fromTenantId)
        moved += 1
      }
      return moved
    }
  }
}
