import { Kysely, PostgresDialect } from 'kysely'
import { AtlassianError } from '../errors.ts'
import { loadPackage } from './load-package.ts'
import type { Tables } from './schema.ts'

/** A database that is down must become an answer, not a request that hangs. */
const CONNECT_TIMEOUT_MS = 5000

/** A pool of connections, none of them made yet. */
export async function openPostgres(address: {
  readonly url: string
  readonly publicName: string
}): Promise<Kysely<Tables>> {
  const { default: pg } = await loadPackage('pg', 'A PostgreSQL database', () => import('pg'))
  const options = {
    connectionString: address.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true
  }
  try {
    // The pool reads the address with its first connection, and its errors repeat it: read it here once.
    new pg.Client(options)
  } catch {
    const message = `The database address of ${address.publicName} cannot be read: check its user, password and parameters`
    throw new AtlassianError('ATL_OPTION', 'database-url', {}, { message })
  }
  const pool = new pg.Pool(options)
  // A connection that breaks must not end the process. The pool drops it; the query that used it fails by itself, and
  // the next one gets a new connection.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
