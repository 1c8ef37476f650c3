import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { hasRegistration, type Tenant } from '../tenant/tenant.ts'
import type { NewDelivery } from '../tenant/tenant-store.ts'
import { deliveryRecord, installationName, storeConflict } from './record.ts'
import { deliveryArguments } from './redis-delivery-records.ts'
import { nextHead, type TenantHead } from './redis-head.ts'
import { textFromIdentity, textFromRegistration } from './redis-records.ts'
import { type RunScript, textReply } from './redis-script.ts'
import { headScript, saveScript } from './redis-tenant-scripts.ts'

/** A record, and the version that it was made from; `null` = it must not exist yet. */
export interface RedisSave {
  readonly tenant: Tenant
  readonly expectedVersion: number | null
}

export interface RedisWriterOptions {
  readonly run: RunScript
  readonly cipher: () => ColumnCipher
  readonly appKey: string
  /** Where the save is told, and by whom. */
  readonly channel: string
  readonly sender: string
}

/**
 * Writes tenants and deliveries in one script, or nothing. What a tenant gives up and what it keeps is worked out here
 * from its head, and the script writes only while that head still stands.
 */
export function createRedisWriter({ run, cipher, appKey, channel, sender }: RedisWriterOptions) {
  return async (saves: readonly RedisSave[], given: readonly NewDelivery[]): Promise<void> => {
    const deliveries = given.map(deliveryRecord)
    const [conflict] = saves.map(({ tenant }) => storeConflict(tenant))
    const names = saves.flatMap(({ tenant }) => tenant.installations.map(installationName))
    if (new Set(names).size !== names.length) throw conflict
    const args = await Promise.all(saves.map(saveArguments))
    const outcome = textReply(
      await run(
        saveScript,
        appKey,
        channel,
        sender,
        String(saves.length),
        ...args.flat(),
        ...deliveries.flatMap(deliveryArguments)
      )
    )
    if (outcome === 'conflict') throw conflict
    if (outcome !== 'saved') throw new Error('The tenant of a delivery does not exist')
  }

  async function saveArguments({ tenant, expectedVersion }: RedisSave): Promise<readonly string[]> {
    const { tenantId } = tenant
    const reply = expectedVersion === null ? null : await run(headScript, tenantId)
    const text = reply === null ? '' : textReply(reply)
    const stored: TenantHead | null = text === '' ? null : JSON.parse(text)
    const head = nextHead(stored, tenant)
    if (head === null || (stored?.version ?? null) !== (expectedVersion === null ? null : String(expectedVersion))) {
      throw storeConflict(tenant)
    }
    const registration = hasRegistration(tenant)
      ? [tenant.connectId, tenant.clientKey, textFromRegistration(tenant, cipher())]
      : ['', '', '']
    return [tenantId, text, textFromIdentity(tenant), JSON.stringify(head), ...registration]
  }
}
