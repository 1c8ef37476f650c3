/** Where the schema of this package stands in Redis, and what every app on it shares. */
const SHARED = ['schema', 'owners', 'installations'] as const

/** What each app has for itself. */
const OF_APP = [
  'tenants',
  'heads',
  'client-keys',
  'base-urls',
  'installation-ids',
  'order',
  'dead',
  'purges',
  'settings',
  'setting-keys',
  'setting-expiries',
  'deliveries',
  'states',
  'dedupe',
  'waiting',
  'ready',
  'settled',
  'settled-of',
  'pending'
] as const

/**
 * The names under which the scripts know the keys, in the order in which `redisKeys` gives them.
 *
 * - `schema`: the version of this layout. `owners`: tenantId to appKey. `installations`: [installationId,
 *   environmentId] to tenantId. Both names are unique among all apps.
 * - `tenants`: tenantId to record. `heads`: tenantId to what has to be taken back when the record changes.
 * - `client_keys`: clientKey to tenantId. `base_urls`, `installation_ids`, `order`: sorted sets that are read by
 *   ranges of their members, `name NUL ... tenantId`.
 * - `dead`: a sorted set like these, `time of death NUL tenantId`. `purges`: tenantId to who is removing it, and until when.
 * - `settings`: `tenantId NUL installation NUL key` to a setting. `setting_keys`: the same names as a sorted set that is
 *   read by ranges. `setting_expiries`: those that end, by the time when they do.
 * - `deliveries`: deliveryId to what never changes of it. `states`: deliveryId to what does. `dedupe`: (tenantId, kind,
 *   identifier) to deliveryId. `waiting`: by the time from which it may be claimed. `ready`: by its age, for what was
 *   found to be due. `settled`: by age, for sweeping. `pending` and `settled_of`: `tenantId NUL
 *   deliveryId` of what is to be handled and of what is settled.
 */
export const KEY_VARIABLES = [...SHARED, ...OF_APP].map((name) => name.replaceAll('-', '_'))

/** One hash tag for everything: on a cluster all keys of a prefix are in one slot, where one script may use them all. */
export function redisKeys(prefix: string, appKey: string): readonly string[] {
  return [...SHARED.map((name) => `{${prefix}}:${name}`), ...OF_APP.map((name) => `{${prefix}}:app:${appKey}:${name}`)]
}

/** Where saves of this app are told. */
export function redisChannel(prefix: string, appKey: string): string {
  return `{${prefix}}:app:${appKey}:changes`
}
