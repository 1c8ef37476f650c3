/** Where the schema of this package stands in Redis, and what every app on it shares. */
const SHARED = ['schema', 'owners', 'installations'] as const

/** What each app has for itself. */
const OF_APP = [
  'tenants',
  'registrations',
  'heads',
  'client-keys',
  'places',
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
  'pending',
  'tokens',
  'token-leases',
  'token-names',
  'token-ends',
  'old-tenants'
] as const

/** What each app had in the first layout, and where its data goes whole; `null` = it is made anew. */
const OF_APP_IN_LAYOUT_1: Readonly<Record<string, (typeof OF_APP)[number] | null>> = {
  tenants: 'old-tenants',
  heads: null,
  'client-keys': null,
  'base-urls': null,
  'installation-ids': null,
  order: null,
  dead: null,
  purges: 'purges',
  settings: 'settings',
  'setting-keys': 'setting-keys',
  'setting-expiries': 'setting-expiries',
  deliveries: 'deliveries',
  states: 'states',
  dedupe: 'dedupe',
  waiting: 'waiting',
  ready: 'ready',
  settled: 'settled',
  'settled-of': 'settled-of',
  pending: 'pending'
}

/**
 * The names under which the scripts know the keys, in the order in which `redisKeys` gives them.
 *
 * - `schema`: the version of this layout. `owners`: tenantId to appKey. `installations`: [installationId,
 *   environmentId] to tenantId. Both names are unique among all apps.
 * - `tenants`: tenantId to what all registrations of it share. `registrations`: connectId to registration, its secrets
 *   sealed. `heads`: tenantId to what a save has to know of it, see `TenantHead`.
 * - `client_keys`: clientKey to tenantId. `places`, `order`: sorted sets that are read by ranges of their members,
 *   `name NUL ... tenantId`.
 * - `dead`: a sorted set like these, `time of death NUL tenantId`. `purges`: tenantId to who is removing it, and until when.
 * - `settings`: `tenantId NUL installation NUL key` to a setting. `setting_keys`: the same names as a sorted set that is
 *   read by ranges. `setting_expiries`: those that end, by the time when they do.
 * - `deliveries`: deliveryId to what never changes of it. `states`: deliveryId to what does. `dedupe`: (tenantId, kind,
 *   identifier) to deliveryId. `waiting`: by the time from which it may be claimed. `ready`: by its age, for what was
 *   found to be due. `settled`: by age, for sweeping. `pending` and `settled_of`: `tenantId NUL
 *   deliveryId` of what is to be handled and of what is settled.
 * - `tokens`: `tenantId NUL kind NUL SHA-256 of its name` to an access token, sealed. `token_leases`: the same names to who
 *   asks for a new one. `token_names`: the names of both as a sorted set that is read by ranges. `token_ends`: these by
 *   the time when the later of token and lease ends.
 * - `old_tenants`: records of the first layout that wait for their upgrade.
 */
export const KEY_VARIABLES = [...SHARED, ...OF_APP].map((name) => name.replaceAll('-', '_'))

/** One hash tag for everything: on a cluster all keys of a prefix are in one slot, where one script may use them all. */
export function redisKeys(prefix: string, appKey: string): readonly string[] {
  return [
    ...SHARED.map((name) => `{${prefix}}:${name}`),
    ...OF_APP.map((name) => `{${prefix}}:2:app:${appKey}:${name}`)
  ]
}

/** The keys that an app had in the first layout. */
export function oldRedisKeys(prefix: string, appKey: string): readonly string[] {
  return Object.keys(OF_APP_IN_LAYOUT_1).map((name) => `{${prefix}}:app:${appKey}:${name}`)
}

/** For each of `oldRedisKeys` the place in `redisKeys`, counted from 1, of the key that takes its data; 0 = none does. */
export const OLD_KEY_TARGETS: readonly number[] = Object.values(OF_APP_IN_LAYOUT_1).map((name) =>
  name === null ? 0 : SHARED.length + OF_APP.indexOf(name) + 1
)

/** Where saves of this app are told. */
export function redisChannel(prefix: string, appKey: string): string {
  return `{${prefix}}:app:${appKey}:changes`
}
