import { AtlassianError } from '../errors.ts'
import type { AccessTokenKind, StoredToken, TokenKey, TokenStore } from '../tenant/token-store.ts'
import { checkToken, leaseEnd, tokenPlace } from './token-record.ts'

export interface MemoryTokens extends TokenStore {
  /** Removes everything of this tenant. */
  forget(tenantId: string): void
}

interface Entry {
  readonly kind: AccessTokenKind
  readonly stored: StoredToken | null
  readonly owner: string | null
  readonly leaseUntilMs: number
}

/** The tokens of the memory store. Every method does its work in one synchronous step, so none can interleave. */
export function createMemoryTokens(knowsTenant: (tenantId: string) => boolean): MemoryTokens {
  /** By tenant, then by kind and name. */
  const tenants = new Map<string, Map<string, Entry>>()

  function find(key: TokenKey): Entry | undefined {
    const { tenantId, kind, name } = tokenPlace(key)
    return tenants.get(tenantId)?.get(`${kind} ${name}`)
  }

  function write(key: TokenKey, changes: Partial<Entry>): void {
    const { tenantId, kind, name } = tokenPlace(key)
    if (!knowsTenant(tenantId)) throw new AtlassianError('ATL_NO_TENANT', 'tokens', { tenantId })
    const entries = tenants.get(tenantId) ?? new Map<string, Entry>()
    tenants.set(tenantId, entries)
    const before = entries.get(`${kind} ${name}`) ?? { kind, stored: null, owner: null, leaseUntilMs: 0 }
    entries.set(`${kind} ${name}`, { ...before, ...changes })
  }

  /** Removes the entries that are meant, and tells how many. */
  function remove(entries: Map<string, Entry>, isMeant: (entry: Entry) => boolean): number {
    const meant = [...entries].filter(([, entry]) => isMeant(entry))
    for (const [name] of meant) entries.delete(name)
    return meant.length
  }

  return {
    forget: (tenantId) => void tenants.delete(tenantId),

    async get(key) {
      return find(key)?.stored ?? null
    },

    async put(key, given) {
      checkToken(given)
      if ((find(key)?.stored?.expiresAtMs ?? 0) >= given.expiresAtMs) return false
      write(key, { stored: Object.freeze({ token: given.token, expiresAtMs: given.expiresAtMs }) })
      return true
    },

    async delete(key, token) {
      const stored = find(key)?.stored
      if (!stored?.token.equals(token)) return false
      write(key, { stored: null })
      return true
    },

    async deleteAll(tenantId, kind) {
      return remove(tenants.get(tenantId) ?? new Map(), (entry) => kind === undefined || entry.kind === kind)
    },

    async sweep(beforeMs) {
      let swept = 0
      for (const entries of tenants.values()) {
        swept += remove(
          entries,
          ({ stored, leaseUntilMs }) => (stored?.expiresAtMs ?? 0) <= beforeMs && leaseUntilMs <= beforeMs
        )
      }
      return swept
    },

    async acquire(key, lease) {
      const leaseUntilMs = leaseEnd(lease)
      const entry = find(key)
      const isFree = entry === undefined || entry.owner === lease.owner || entry.leaseUntilMs <= lease.nowMs
      if (isFree) write(key, { owner: lease.owner, leaseUntilMs })
      return isFree
    },

    async release(key, owner) {
      if (find(key)?.owner === owner) write(key, { owner: null, leaseUntilMs: 0 })
    }
  }
}
