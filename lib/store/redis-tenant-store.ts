import { randomUUID } from 'node:crypto'
import { type ColumnCipher, createColumnCipher } from '../encryption/column-cipher.ts'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { createKeyRing } from '../encryption/key-ring.ts'
import { OptionError } from '../errors.ts'
import { type Log, silentLog } from '../ports.ts'
import { inOrderOfNames } from '../tenant/tenant-names.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import type { ChangeListener } from './change-listener.ts'
import { chooseTenant } from './choose-tenant.ts'
import { canBeBaseUrl, canBeFound, canBeName, checkLimit, tenantRecord } from './record.ts'
import { borrowedConnection, ownConnection, type RedisClient, type RedisConnection } from './redis-connection.ts'
import { createRedisDeliveryInbox } from './redis-delivery-inbox.ts'
import { lookupArguments, selectionOf, type TenantHead } from './redis-head.ts'
import { oldRedisKeys, redisChannel, redisKeys } from './redis-keys.ts'
import { createRedisListener } from './redis-listener.ts'
import { foundRegistrations, foundTenants, listedTenants, type TenantTexts } from './redis-records.ts'
import { reencryptTexts } from './redis-reencrypt.ts'
import { createRedisRemover } from './redis-remover.ts'
import { scriptRunner, tenantsReply, textReply } from './redis-script.ts'
import { checkServer } from './redis-server.ts'
import { createRedisSettings } from './redis-settings.ts'
import { findScript, headScript, listScript, notifyScript } from './redis-tenant-scripts.ts'
import { createRedisTokens } from './redis-tokens.ts'
import { upgradeLayout } from './redis-upgrade.ts'
import { createRedisWriter } from './redis-write.ts'
import type { ReencryptOptions, ReencryptResult } from './reencrypt.ts'

/** Where a Redis store finds its server, and what protects the secrets there. */
export interface RedisTenantStoreOptions {
  /** The `key` of the descriptor. Apps that share a Redis never see each other's tenants. */
  readonly appKey: string
  /** `redis://user:password@host:port/number`, or `rediss://` with TLS. Opened and closed with the store. */
  readonly url?: string
  /** Instead of `url`: a connected client of the package `redis`. It stays open, and reconnects as it is told to. */
  readonly client?: RedisClient
  /** Keys for the secrets. */
  readonly encryption: EncryptionOptions
  /** Begins every key, as `{prefix}`. Default `atl`. 1 to 64 letters, digits, `.`, `_`, `:` or `-`. */
  readonly prefix?: string
  /** A command that has no answer after so many milliseconds fails. Default 5000. */
  readonly timeoutMs?: number
  /** `poll` leaves out listening: a tenant is then re-read after `tenantFreshMs`. Default `listen`. */
  readonly coherence?: 'listen' | 'poll'
  readonly log?: Log
}

/** A `TenantStore` in Redis, with what only this one can do. */
export interface RedisTenantStore extends TenantStore {
  /**
   * Writes every secret and access token that is sealed with an older key with the newest one, while the app serves.
   * Can be stopped and repeated at any time; ends complete when it met them all. Throws `ATL_ENCRYPTION_KEY` for one
   * that does not open.
   */
  reencrypt(options?: Omit<ReencryptOptions, 'encryption'>): Promise<ReencryptResult>
}

/**
 * Tenants in Redis 6.2 or later. Connects in `open()`, never before. Each save is one script, which Redis runs as a
 * whole. How much of it survives a crash of the server is a setting of the server: `appendonly yes`, and
 * `appendfsync always` where not even one second may be lost.
 */
export function createRedisTenantStore(options: RedisTenantStoreOptions): RedisTenantStore {
  const { appKey, url, client, prefix = 'atl', timeoutMs = 5000, log = silentLog } = options
  checkOptions(options)
  const keys = redisKeys(prefix, appKey)
  const channel = redisChannel(prefix, appKey)
  const sender = randomUUID()
  let opened: { readonly connection: RedisConnection; readonly cipher: ColumnCipher } | undefined
  let listening: ChangeListener | undefined

  function state() {
    if (opened === undefined) throw new Error('The tenant store is not open: call open() first')
    return opened
  }

  const send = async (args: readonly string[]) => state().connection.send(args)
  const run = scriptRunner(send, keys)

  const cipher = () => state().cipher
  const write = createRedisWriter({ run, cipher, appKey, channel, sender })

  async function findAll(lookup: TenantLookup): Promise<TenantTexts[]> {
    return tenantsReply(await run(findScript, ...lookupArguments(lookup)))
  }

  async function close(): Promise<void> {
    await listening?.stop()
    listening = undefined
    const closing = opened
    opened = undefined
    await closing?.connection.close()
  }

  return {
    inbox: createRedisDeliveryInbox(run),
    settings: createRedisSettings(run),
    tokens: createRedisTokens(run, cipher),
    remover: createRedisRemover({ run, cipher, channel, sender }),
    close,

    async open() {
      if (opened !== undefined) return
      const keyRing = await createKeyRing(options.encryption)
      const connection =
        client === undefined ? await ownConnection(url ?? '', timeoutMs) : borrowedConnection(client, timeoutMs)
      opened = { connection, cipher: createColumnCipher(keyRing, () => false) }
      try {
        await checkServer(send, log)
        await upgradeLayout(scriptRunner(send, [...keys, ...oldRedisKeys(prefix, appKey)]))
      } catch (error) {
        await close()
        throw error
      }
    },

    async watch(listener) {
      const { connection } = state()
      if (options.coherence === 'poll') return false
      await listening?.stop()
      listening = createRedisListener({
        connect: connection.connectSubscriber,
        notify: (text) => run(notifyScript, channel, text),
        channel,
        sender,
        log
      })
      return listening.start(listener)
    },

    async find(lookup) {
      return canBeFound(lookup) ? chooseTenant(foundTenants(await findAll(lookup), lookup, cipher())) : null
    },

    async findByBaseUrl(baseUrl) {
      return canBeBaseUrl(baseUrl) ? foundRegistrations(await findAll({ baseUrl }), baseUrl, cipher()) : []
    },

    async names(tenantId) {
      const text = canBeName(tenantId) ? await run(headScript, tenantId) : null
      if (text === null) return []
      const { names }: TenantHead = JSON.parse(textReply(text))
      return inOrderOfNames(names)
    },

    async list(query) {
      checkLimit(query)
      const found = await run(listScript, selectionOf(query), query.after ?? '', String(query.limit))
      return listedTenants(tenantsReply(found), query.product, cipher())
    },

    async save(given, expectedVersion, deliveries = []) {
      const tenant = tenantRecord(given, appKey, (expectedVersion ?? 0) + 1)
      await write([{ tenant, expectedVersion }], deliveries)
      return tenant
    },

    async handOver(givenFrom, givenTo, deliveries = []) {
      const from = tenantRecord(givenFrom, appKey, givenFrom.version + 1)
      const to = tenantRecord(givenTo, appKey, givenTo.version + 1)
      const saves = [
        { tenant: from, expectedVersion: givenFrom.version },
        { tenant: to, expectedVersion: givenTo.version }
      ]
      await write(saves, deliveries)
      return { from, to }
    },

    async reencrypt(given = {}) {
      return reencryptTexts(run, cipher(), given)
    }
  }
}

function checkOptions({
  appKey,
  url,
  client,
  encryption,
  prefix = 'atl',
  timeoutMs = 5000
}: RedisTenantStoreOptions): void {
  if (typeof appKey !== 'string' || appKey === '')
    throw new OptionError('appKey', appKey, 'the key of the app is needed')
  if ((url === undefined) === (client === undefined)) {
    // The address is not told: it may hold a password.
    throw new OptionError('url', url === undefined ? undefined : {}, 'either "url" or "client" is needed')
  }
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new OptionError('prefix', prefix, 'it must be 1 to 64 letters, digits, ".", "_", ":" or "-"')
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    throw new OptionError('timeoutMs', timeoutMs, 'it must be a whole number of milliseconds, 1 to 600000')
  }
  if (encryption === undefined) {
    throw new OptionError(
      'encryption',
      undefined,
      'Redis needs "encryption: { keys: [{ id, key }] }", 32 random bytes as base64'
    )
  }
  if (encryption.acceptPlaintext === true) {
    throw new OptionError(
      'encryption.acceptPlaintext',
      true,
      'secrets in Redis were never plain text, so it must be removed'
    )
  }
}
