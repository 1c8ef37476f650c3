import { randomUUID } from 'node:crypto'
import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { timeOfDeath } from '../tenant/tenant.ts'
import type { TenantRemover } from '../tenant/tenant-purge.ts'
import { deathMember, deathTime, headOf, selectionOf, tenantFromText } from './redis-records.ts'
import {
  claimDeadScript,
  giveUpClaimScript,
  listDeadScript,
  listDeathScript,
  removeScript,
  unlistedScript
} from './redis-remover-scripts.ts'
import { numberReply, type RunScript, textsReply } from './redis-script.ts'
import { findScript, listScript } from './redis-tenant-scripts.ts'

export interface RedisRemoverOptions {
  readonly run: RunScript
  readonly cipher: () => ColumnCipher
  /** Where the removal is told, and by whom. */
  readonly channel: string
  readonly sender: string
}

/** How long one purge keeps others from the same tenant: for a handler that is slower they may begin again. */
const CLAIM_MS = 60_000
const BATCH = 100
const DEAD = selectionOf({ status: 'uninstalled' })

/**
 * Removes dead tenants from Redis. There is no transaction that a handler could be part of: it runs under a claim that
 * keeps other purges away, and a tenant that is saved meanwhile stays.
 */
export function createRedisRemover({ run, cipher, channel, sender }: RedisRemoverOptions): TenantRemover {
  /**
   * Versions of this package that knew no purging gave the dead no place in `dead`, and may be running beside this one.
   * What they left out is noticed by its number, at the latest when `listDead` has met the places that they left void.
   * Can be cut off, repeated, and done by several at once.
   */
  async function listAll(): Promise<void> {
    if (numberReply(await run(unlistedScript, DEAD)) === 0) return
    for (let after = ''; ; ) {
      const texts = textsReply(await run(listScript, DEAD, after, String(BATCH)))
      for (const text of texts) {
        const tenant = tenantFromText(text, cipher())
        const { tenantId } = tenant
        const diedAtMs = timeOfDeath(tenant) ?? tenant.updatedAtMs
        await run(listDeathScript, tenantId, text, headOf(tenant), deathMember({ diedAtMs, tenantId }))
        after = tenantId
      }
      if (texts.length < BATCH) return
    }
  }

  return {
    async listDead({ diedBeforeMs, after, limit }) {
      if (after === undefined) await listAll()
      const first = after === undefined ? '-' : `(${deathMember(after)}`
      const texts = textsReply(await run(listDeadScript, first, `(${deathTime(diedBeforeMs)}`, String(limit)))
      return texts.flatMap((text) => {
        const tenant = tenantFromText(text, cipher())
        const diedAtMs = timeOfDeath(tenant)
        return diedAtMs === null ? [] : [{ tenant, diedAtMs }]
      })
    },

    async remove({ tenantId, version }, diedBeforeMs, beforeCommit) {
      const [text] = textsReply(await run(findScript, 'tenant', tenantId))
      if (text === undefined) return false
      const stored = tenantFromText(text, cipher())
      const diedAtMs = timeOfDeath(stored)
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
