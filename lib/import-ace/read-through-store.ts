import { type Log, silentLog } from '../ports.ts'
import type { AceSource } from '../store/ace/ace-source.ts'
import { type AceSourceOptions, openAceSource } from '../store/ace/open-ace-source.ts'
import { hasRegistration, type Tenant } from '../tenant/tenant.ts'
import type { TenantLookup, TenantStore } from '../tenant/tenant-store.ts'
import { type AceImportOptions, importRules, takeOne } from './import-ace.ts'
import { isOurs } from './plan-tenant.ts'

/** The two stores of a rollout. */
export interface AceReadThroughOptions
  extends Pick<AceImportOptions, 'appKey' | 'allowedHosts' | 'clock'>,
    AceSourceOptions {
  /** Where tenants live from now on. */
  readonly store: TenantStore
  /** ACE's storage: an address for `openAceSource`, opened and closed with the store; or a source, which stays open. */
  readonly ace: string | AceSource
  readonly log?: Log
}

/** A `TenantStore` in front of ACE's. */
export interface AceReadThroughStore extends TenantStore {
  /** What the store below says of it: in production an app does not start on a development key. */
  readonly developmentKeyFile: unknown
}

/**
 * A store for the time in which an ACE backend and this one serve side by side. A tenant is read from ACE's table when
 * it is first asked for, and saved into `store`. Until an install that was verified here has written it, each `find`
 * compares it with ACE's row and takes over what ACE changed; from then on ACE's row counts for nothing.
 *
 * So `installed` may only reach one backend at a time: ACE's until the switch, this one after it. ACE's storage is
 * never written. `list` and `findByBaseUrl` know what was migrated; run `importAce` for the rest. A tenant that still
 * follows ACE is not served while ACE's storage cannot be read.
 */
export function createAceReadThroughStore(options: AceReadThroughOptions): AceReadThroughStore {
  const { store, ace, log = silentLog, clock = Date.now } = options
  const rules = importRules(options)
  let opened: AceSource | undefined

  function source(): AceSource {
    if (opened === undefined) throw new Error('The tenant store is not open: call open() first')
    return opened
  }

  async function closeSource(): Promise<void> {
    const closing = opened
    opened = undefined
    if (typeof ace === 'string') await closing?.close()
  }

  async function follow(clientKey: string, current: Tenant | null): Promise<Tenant | null> {
    if (current !== null && (!hasRegistration(current) || isOurs(current))) return current
    if (!canBeClientKey(clientKey)) return current
    const plan = await takeOne({ source: source(), store, rules, clock }, clientKey)
    if (plan.action === 'absent') return current
    if (plan.action === 'refuse') {
      log.warn({ clientKey, ...plan.refusal }, 'a tenant of ACE cannot be taken')
      return current
    }
    if (plan.action === 'create') log.info({ clientKey, tenantId: plan.tenant.tenantId }, 'a tenant was taken from ACE')
    if (plan.action === 'update') log.info({ clientKey, tenantId: plan.tenant.tenantId }, 'a change was taken from ACE')
    return plan.tenant
  }

  /** A tenant without a registration was never ACE's. */
  async function followRecord(current: Tenant): Promise<Tenant | null> {
    return hasRegistration(current) ? follow(current.clientKey, current) : current
  }

  async function findByInstallation(lookup: Extract<TenantLookup, { installationId: string }>): Promise<Tenant | null> {
    const current = await store.find(lookup)
    if (current !== null) return followRecord(current)
    if (!canBeClientKey(lookup.installationId)) return null
    const [clientKey, other] = await source().clientKeysOf(lookup.installationId)
    if (clientKey === undefined || other !== undefined) return null
    await follow(clientKey, await store.find({ clientKey }))
    return store.find(lookup)
  }

  return {
    get inbox() {
      return store.inbox
    },
    get settings() {
      return store.settings
    },
    get tokens() {
      return store.tokens
    },
    get accounts() {
      return store.accounts
    },
    get remover() {
      return store.remover
    },
    get developmentKeyFile() {
      return 'developmentKeyFile' in store ? store.developmentKeyFile : null
    },

    async open() {
      opened ??= typeof ace === 'string' ? await openAceSource(ace, options) : ace
      try {
        await store.open()
      } catch (error) {
        await closeSource()
        throw error
      }
    },

    async close() {
      try {
        await store.close()
      } finally {
        await closeSource()
      }
    },

    watch: async (listener) => (await store.watch?.(listener)) ?? false,

    async find(lookup) {
      if ('installationId' in lookup) return findByInstallation(lookup)
      const current = await store.find(lookup)
      if ('clientKey' in lookup) return follow(lookup.clientKey, current)
      return current === null ? null : followRecord(current)
    },

    findByBaseUrl: (baseUrl) => store.findByBaseUrl(baseUrl),
    names: (tenantId) => store.names(tenantId),
    list: (query) => store.list(query),
    save: (tenant, expectedVersion, deliveries) => store.save(tenant, expectedVersion, deliveries),
    handOver: (from, to, deliveries) => store.handOver(from, to, deliveries)
  }
}

/** ACE's columns hold 255 characters, and PostgreSQL refuses to look for text with NUL. */
function canBeClientKey(name: string): boolean {
  return name !== '' && name.length <= 255 && name.isWellFormed() && !name.includes('\0')
}
