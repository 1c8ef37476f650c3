/** One row that an app kept for a tenant, as ACE's `addon.settings` wrote it. */
export interface AceSetting {
  readonly clientKey: string
  readonly key: string
  readonly value: unknown
}

/** One row that an app kept for a Forge installation. */
export interface AceForgeSetting {
  readonly installationId: string
  readonly key: string
  readonly value: unknown
}

/** A row that says nothing about a tenant, and where it stands. Never holds a value of the row. */
export interface AceOddRow {
  readonly where: string
  readonly reason: string
}

/** What is left behind on purpose. */
export interface AceLeftovers {
  /** Cached user tokens (`bearer:…`): they end within the hour and are fetched again. */
  readonly userTokens: number
  readonly oddRows: readonly AceOddRow[]
}

/**
 * What ACE stored, wherever it stored it. Values are parsed JSON. Reads only: nothing of ACE's is ever changed.
 * Failures of the storage are thrown as they are.
 */
export interface AceSource {
  /** Where it reads, without a user name or password. */
  readonly name: string
  /** Each clientKey that has a `clientInfo` row, once. */
  clientKeys(): AsyncIterable<string>
  /** The `clientInfo` rows of a tenant. ACE may have made several; the one that was written last comes first. */
  clientInfos(clientKey: string): Promise<readonly unknown[]>
  /** The Forge installations that ACE linked with the tenant, the newest first. */
  installationIds(clientKey: string): Promise<readonly string[]>
  /** The tenants that a Forge installation is linked with; more than one is a mistake that ACE does not rule out. */
  clientKeysOf(installationId: string): Promise<readonly string[]>
  /** Everything an app kept for its tenants beside `clientInfo` and user tokens. */
  settings(): AsyncIterable<AceSetting>
  forgeSettings(): AsyncIterable<AceForgeSetting>
  leftovers(): Promise<AceLeftovers>
  /** Ends every connection. */
  close(): Promise<void>
}

/** The key of the row that holds a tenant. */
export const CLIENT_INFO = 'clientInfo'
/** How keys of cached user tokens begin. */
export const USER_TOKEN_PREFIX = 'bearer:'

/** ACE wrote objects in some versions and their JSON text in others, which a JSON column holds as text in text. */
export function parseAceValue(stored: unknown): unknown {
  let value = stored
  for (let depth = 0; depth < 2 && typeof value === 'string'; depth++) {
    try {
      value = JSON.parse(value)
    } catch {
      return value
    }
  }
  return value
}
