import type { Kind } from './check-value.ts'

/** What the name of every variable of this package begins with. */
export const PREFIX = 'FASTIFY_ATLASSIAN_'

/** One variable of the environment. */
export interface Variable {
  readonly name: string
  readonly kind: Kind
  /** The option that it sets, `group.member`; `port` and `host` are for `app.listen`. */
  readonly option: string
  /** It may also be given as `NAME_FILE`, the path of a file that holds it, and is never shown. */
  readonly secret?: true
}

const text: Kind = { type: 'text' }
const url: Kind = { type: 'url' }
const boolean: Kind = { type: 'boolean' }
const urls: Kind = { type: 'list', of: 'url' }
const texts: Kind = { type: 'list', of: 'text' }
const integer = (min: number, max: number): Kind => ({ type: 'integer', min, max })
const choice = (...values: string[]): Kind => ({ type: 'choice', values })
const own = (name: string, option: string, kind: Kind): Variable => ({ name: PREFIX + name, option, kind })

/** The variables that everybody uses. */
const common: readonly Variable[] = [
  { name: 'PORT', option: 'port', kind: integer(0, 65_535) },
  { name: 'HOST', option: 'host', kind: text }
]

/** Every variable that `optionsFromEnv` reads for an option, beside those of ACE. Where two set one option, the first wins. */
export const variables: readonly Variable[] = Object.freeze([
  ...common,
  own('BASE_URL', 'baseUrl', url),
  own('ALLOWED_BASE_URLS', 'allowedBaseUrls', urls),
  own('MOUNT_PATH', 'mountPath', { type: 'path' }),
  own('APP_KEY', 'appKey', text),
  own('ENVIRONMENT', 'environment', text),
  { name: 'NODE_ENV', option: 'environment', kind: text },
  { ...own('STORE', 'store', { type: 'database' }), secret: true },
  { name: 'DATABASE_URL', option: 'store', kind: { type: 'database' }, secret: true },
  own('MIGRATE', 'migrate', boolean),
  { ...own('ENCRYPTION_KEYS', 'encryption.keys', { type: 'keys' }), secret: true },
  own('ENCRYPTION_ACCEPT_PLAINTEXT', 'encryption.acceptPlaintext', boolean),
  own('COHERENCE', 'coherence', choice('listen', 'poll')),
  { ...own('LISTEN_URL', 'listenUrl', { type: 'database' }), secret: true },
  own('DATABASE_TABLE_PREFIX', 'database.tablePrefix', text),
  own('DATABASE_SCHEMA', 'database.schema', text),
  own('DATABASE_POOL_MAX', 'database.pool.max', integer(1, 10_000)),
  own('DATABASE_POOL_IDLE_TIMEOUT_MS', 'database.pool.idleTimeoutMs', integer(1, 2 ** 31 - 1)),
  own('DATABASE_POOL_CONNECTION_TIMEOUT_MS', 'database.pool.connectionTimeoutMs', integer(1, 2 ** 31 - 1)),
  own('TENANT_FRESH_MS', 'tenantFreshMs', integer(0, 3_600_000)),
  own('MAX_CACHED_TENANTS', 'maxCachedTenants', integer(1, 10_000_000)),
  own('MAX_UNKNOWN_LOOKUPS_PER_SECOND', 'maxUnknownLookupsPerSecond', integer(1, 100_000)),
  own('RETENTION_DAYS', 'retentionDays', integer(0, 36_500)),
  own('MAX_SETTING_BYTES', 'maxSettingBytes', integer(1024, 16 * 1024 * 1024)),
  own('ALLOWED_HOSTS', 'allowedHosts', { type: 'list', of: 'host' }),
  own('INSTALL_KEY_HOSTS', 'installKeyHosts', urls),
  own('MAX_KEY_FETCHES_PER_MINUTE', 'maxKeyFetchesPerMinute', integer(1, 10_000)),
  own('AUTHORIZATION_SERVER', 'authorizationServer', url),
  own('HOST_SCRIPT_URL', 'hostScriptUrl', url),
  own('USER_AGENT', 'userAgent', text),
  own('SESSION_MINUTES', 'session.minutes', integer(1, 60)),
  own('SESSION_MAX_HOURS', 'sessionMaxHours', integer(1, 168)),
  own('TOKENS_LEEWAY_SECONDS', 'tokens.leewaySeconds', integer(0, 60)),
  own('TOKENS_MAX_LIFETIME_SECONDS', 'tokens.maxLifetimeSeconds', integer(60, 604_800)),
  own('TOKENS_PREVIOUS_SECRET_SECONDS', 'tokens.previousSecretSeconds', integer(0, 86_400)),
  own('WEBHOOKS_MODE', 'webhooks.mode', choice('inbox', 'await', 'memory')),
  own('RECORD_TO', 'recordTo', text),
  own('REDACT_RECORDED_NAMES', 'redactRecordedNames', boolean),
  own('MAX_RECORDED_BYTES', 'maxRecordedBytes', integer(1024, 1024 * 1024 * 1024)),
  own('WEBHOOKS_BODY_LIMIT', 'webhooks.bodyLimit', integer(1024, 100 * 1024 * 1024)),
  own('WEBHOOKS_CONCURRENCY', 'webhooks.concurrency', integer(1, 1000)),
  own('WEBHOOKS_HANDLER_TIMEOUT_MS', 'webhooks.handlerTimeoutMs', integer(100, 3_600_000)),
  own('AUTHORIZATION_CACHE_MS', 'authorization.cacheMs', integer(0, 60_000)),
  own('AUTHORIZATION_MAX_CACHED', 'authorization.maxCached', integer(1, 1_000_000)),
  own('AUTHORIZATION_TIMEOUT_MS', 'authorization.timeoutMs', integer(10, 60_000)),
  own('HOST_CLIENT_TIMEOUT_MS', 'hostClient.timeoutMs', integer(100, 3_600_000)),
  own('HOST_CLIENT_MAX_ATTEMPTS', 'hostClient.maxAttempts', integer(1, 20)),
  own('HOST_CLIENT_MAX_TOTAL_MS', 'hostClient.maxTotalMs', integer(0, 3_600_000)),
  own('HOST_CLIENT_CONCURRENCY', 'hostClient.concurrency', integer(1, 10_000)),
  own('HOST_CLIENT_MAX_WAITING', 'hostClient.maxWaiting', integer(0, 1_000_000)),
  own('FORGE_APP_ID', 'forge.appId', { type: 'forge-app' }),
  own('FORGE_ENVIRONMENTS', 'forge.environments', texts),
  own('FORGE_JWKS_URL', 'forge.jwksUrl', { type: 'url', query: true }),
  own('FORGE_API_HOSTS', 'forge.apiHosts', urls),
  own('FORGE_LEEWAY_SECONDS', 'forge.leewaySeconds', integer(0, 10)),
  own('FORGE_MAX_LIFETIME_SECONDS', 'forge.maxLifetimeSeconds', integer(25, 300)),
  own('FORGE_KEEP_ALIVE_PATH', 'forge.keepAlivePath', { type: 'path' }),
  own('FORGE_ISOLATED_CLOUD_LABELS', 'forge.isolatedClouds.labels', texts),
  own('FORGE_ISOLATED_CLOUD_JWKS_URL', 'forge.isolatedClouds.jwksUrl', text)
])

/** Key files, as the option `--key-file ID=FILE` of the commands: one file for each key. */
export const KEY_FILES = `${PREFIX}ENCRYPTION_KEY_FILES`
/** ACE's file; without it `config.json`, if that is one of ACE's. */
export const CONFIG_FILE = `${PREFIX}CONFIG_FILE`
/** What the command `dev` tells the app that it starts. */
export const DEVELOPMENT = `${PREFIX}DEV`

/** Variables that set no option by themselves. */
export const otherVariables: readonly string[] = Object.freeze([KEY_FILES, CONFIG_FILE, DEVELOPMENT])
