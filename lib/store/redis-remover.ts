import { randomUUID } from 'node:crypto'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { noRegistration, timeOfDeath } from '../tenant/tenant.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import { deathMember, deathTime } from './redis-head.ts'
import { identityFromText, listedTenants } from './redis-records.ts'
import { claimDeadScript, giveUpClaimScript, listDeadScript, removeScript } from './redis-remover-scripts.ts'
import { numberReply, type RunScript, tenantsReply } from './redis-script.ts'
import { findScript } from './redis-tenant-scripts.ts'

export interface RedisRemoverOptions {
  readonly run: RunScript
  readonly cipher: () => ColumnCipher
  /** Where the removal is told, and by whom. */
  readonly channel: string
  readonly sender: string
}

/** How long one purge keeps others from the same tenant: for a handler that is slower they may begin again. */
const CLAIM_MS = 60_000

/**
 * Removes dead tenants from Redis. There is no transaction that a handler could be part of: it runs under a claim that
 * keeps other purges away, and a tenant that is saved meanwhile stays.
 */
export function createRedisRemover({ run, cipher, channel, sender }: RedisRemoverOptions): TenantRemover {
  return {
    async listDead({ diedBeforeMs, after, limit }) {
      const first = after === undefined ? '-' : `(${deathMember(after)}`
      const found = tenantsReply(await run(listDeadScript, first, `(${deathTime(diedBeforeMs)}`, String(limit)))
      return listedTenants(found, undefined, cipher()).flatMap((tenant) => {
        const diedAtMs = timeOfDeath(tenant)
        return diedAtMs === null ? [] : [{ tenant, diedAtMs }]
      })
    },

    async remove({ tenantId, version }, diedBeforeMs, beforeCommit) {
      const [found] = tenantsReply(await run(findScript, 'tenant', tenantId))
      if (found === undefined) return false
      const [text] = found
      const stored = identityFromText(text)
      const diedAtMs = timeOfDeath({ ...stored, ...noRegistration })
      if (stored.version !== version || diedAtMs === null || diedAtMs >= diedBeforeMs) return false
      const claim = randomUUID()
      if (numberReply(await run(claimDeadScript, tenantId, text, claim, String(CLAIM_MS))) === 0) return false
      try {
        await beforeCommit(null)
      } catch (error) {
        // Where this fails too, the claim runs out by itself.
        await run(giveUpClaimScript, tenantId, claim).catch(() => {})
        throw error
      }
      return numberReply(await run(removeScript, tenantId, text, claim, channel, sender)) === 1
    }
  }
}
