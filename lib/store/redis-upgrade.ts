import { AtlassianError } from '../errors.ts'
import type { Installation, TenantIdentity } from '../tenant/tenant.ts'
import type { TenantName } from '../tenant/tenant-names.ts'
import { canBeBaseUrl } from './record.ts'
import { headOf } from './redis-head.ts'
import type { StoredRegistration } from './redis-records.ts'
import { numberReply, type RunScript, textReply, textsReply } from './redis-script.ts'
import { claimScript, upgradeScript, waitingScript } from './redis-upgrade-scripts.ts'

/** The version of the layout in `redisKeys`; it grows when an older version of this package could not live with it. */
const LAYOUT = '2'
const BATCH = 100

/**
 * A tenant as the first layout kept it: one record with its only registration, whose secrets are sealed under the
 * tenant's id. Installations told neither whose they are nor their products.
 */
type OldTenant = Omit<TenantIdentity, 'installations'> &
  Omit<StoredRegistration, 'connectId'> & {
    readonly installations: readonly Omit<Installation, 'clientKey' | 'products'>[]
  }

/**
 * Claims empty storage for this layout, and brings the app's data of an older one to it. Older processes of the app
 * fail from the first step on. Can be cut off at any time, repeated, and done by several processes at once; each comes
 * back when all of it is done. Throws `ATL_MIGRATION_NEEDED` and changes nothing where there is a newer layout.
 * `run` knows the keys of both layouts.
 */
export async function upgradeLayout(run: RunScript): Promise<void> {
  const claimed = await run(claimScript, LAYOUT)
  if (!Array.isArray(claimed)) throw new Error('Redis answered with something else than the store wrote')
  const found = textReply(claimed[0])
  if (found === 'mixed') throw new Error('Redis holds data of this app in two layouts: one is from a wrong restore')
  if (found !== LAYOUT) throw newerLayout(found)
  for (let waiting = numberReply(claimed[1]); waiting > 0; ) {
    const records = textsReply(await run(waitingScript, String(BATCH)))
    waiting = records.length
    await Promise.all(records.map((record) => run(upgradeScript, ...upgraded(record))))
  }
}

/** What the script of one upgrade takes. Secrets are not opened, so that no key is needed. */
function upgraded(text: string): readonly string[] {
  const old: OldTenant = JSON.parse(text)
  const { tenantId, appKey, cloudId, adoptedBy, createdAtMs, updatedAtMs, version, installations, ...registration } =
    old
  const connectId = tenantId
  const { clientKey, product, baseUrl, displayUrl } = registration
  const identity: TenantIdentity = {
    tenantId,
    appKey,
    cloudId,
    installations: installations.map((of) =>
      of.platform === 'connect' ? { ...of, clientKey, products: [product] } : { ...of, clientKey: null, products: [] }
    ),
    adoptedBy,
    createdAtMs,
    updatedAtMs,
    version
  }
  const name = (kind: TenantName['kind'], value: string | null, of: string | null): TenantName[] =>
    value === null ? [] : [{ kind, value, connectId: of, sinceMs: createdAtMs, untilMs: null }]
  const names = [
    ...name('cloudId', cloudId, null),
    ...name('clientKey', clientKey, connectId),
    ...name('baseUrl', baseUrl, connectId),
    // A longer one is no name; the next install tells it again, and is refused in a clear sentence.
    ...name('displayUrl', displayUrl !== null && canBeBaseUrl(displayUrl) ? displayUrl : null, connectId)
  ]
  const head = headOf(identity, [{ connectId, clientKey, product, baseUrl, displayUrl }], names)
  const stored: StoredRegistration = { ...registration, connectId }
  return [tenantId, text, JSON.stringify(identity), JSON.stringify(head), connectId, clientKey, JSON.stringify(stored)]
}

function newerLayout(found: string): AtlassianError {
  const message =
    `The data in Redis was written by a newer version of fastify-atlassian (its layout is ${JSON.stringify(found)}, ` +
    `this version knows ${LAYOUT}). Start that version of the package or a later one`
  return new AtlassianError('ATL_MIGRATION_NEEDED', 'schema-newer', {}, { message })
}
