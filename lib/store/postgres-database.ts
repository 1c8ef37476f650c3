import { Kysely, type Logger, PostgresDialect } from 'kysely'
import { AtlassianError } from '../errors.ts'
import type { PoolSettings } from './database-options.ts'
import type { ListeningConnection } from './listening-connection.ts'
import { loadPackage } from './load-package.ts'
import type { Tables } from './schema.ts'

/** A pool of connections, none of them made yet. */
export async function openPostgres(
  address: { readonly url: string; readonly publicName: string },
  settings: PoolSettings,
  log: Logger | undefined
): Promise<{ readonly tables: Kysely<Tables>; connect(url?: string): Promise<ListeningConnection> }> {
  const { default: pg } = await loadPackage('pg', 'A PostgreSQL database', () => import('pg'))
  const options = {
    connectionString: address.url,
    connectionTimeoutMillis: settings.connectionTimeoutMs,
    keepAlive: true
  }
  try {
    // The pool reads the address with its first connection, and its errors repeat it: read it here once.
    new pg.Client(options)
  } catch {
    const message = `The database address of ${address.publicName} cannot be read: check its user, password and parameters`
    throw new AtlassianError('ATL_OPTION', 'database-url', {}, { message })
  }
  const pool = new pg.Pool({ ...options, max: settings.max, idleTimeoutMillis: settings.idleTimeoutMs })
  // A connection that breaks must not end the process. The pool drops it; the query that used it fails by itself, and
  // the next one gets a new connection.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return {
    tables: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), log }),
    async connect(url = address.url) {
      const client = new pg.Client({ ...options, connectionString: url })
      await client.connect()
      return client
    }
  }
}
