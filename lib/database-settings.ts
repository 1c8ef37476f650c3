/** How the database that the option `store` names is opened. */
export interface DatabaseSettings {
  /** What the names of this package's tables begin with. Default `atl_`. */
  readonly tablePrefix?: string
  /** The PostgreSQL schema of the tables, made by the migration if it is missing. Default: the search path decides. */
  readonly schema?: string
  /** Connections at most (default 10), and how long an idle one or a waiting query lasts, in milliseconds. */
  readonly pool?: { readonly max?: number; readonly idleTimeoutMs?: number; readonly connectionTimeoutMs?: number }
  /** Told of every statement that ran, with a placeholder for each value. */
  readonly onQuery?: (event: { readonly sql: string; readonly durationMs: number }) => void
}
