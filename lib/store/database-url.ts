import { fileURLToPath } from 'node:url'
import { AtlassianError } from '../errors.ts'

export type DatabaseUrl =
  | { readonly dialect: 'sqlite'; readonly path: string }
  | { readonly dialect: 'postgres' | 'mysql'; readonly url: string; readonly publicName: string }

/**
 * What kind of database an address names. Throws `ATL_OPTION` for anything else; the message never repeats the
 * address, because it may hold a password.
 */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  if (typeof url !== 'string' || url === '') throw refused('it is empty')
  if (/^postgres(ql)?:/i.test(url)) return { dialect: 'postgres', url, publicName: serverName(url, 'postgres') }
  if (/^(mysql|mariadb):/i.test(url)) return { dialect: 'mysql', url, publicName: serverName(url, 'mysql') }
  if (/^sqlite:/i.test(url)) return sqlite(url.slice('sqlite:'.length).replace(/^\/\//, ''))
  if (/^file:\/\//i.test(url)) return sqlite(filePath(url))
  if (/^file:/i.test(url)) return sqlite(url.slice('file:'.length))
  if (url === ':memory:' || /\.sqlite3?$/i.test(url)) return sqlite(url)
  throw refused('it is of another kind')
}

function sqlite(path: string): DatabaseUrl {
  if (path === '') throw refused('the path of the SQLite file is missing')
  if (path.includes('?')) throw refused('parameters after "?" are not supported for SQLite')
  if (path.includes('\0')) throw refused('the path of the SQLite file holds a NUL')
  return { dialect: 'sqlite', path }
}

function filePath(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    throw refused('it is not a valid file: URL')
  }
}

/** Host, port and database: enough for a message. User names and parameters stay out, they may be secrets too. */
function serverName(url: string, scheme: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) throw refused(`it is not a valid ${scheme}:// URL`)
  return `${scheme}://${parsed.host}${parsed.pathname}`
}

function refused(why: string): AtlassianError {
  const message =
    `The database address cannot be used: ${why}. ` +
    'Use sqlite:path, file:path, a path that ends in .sqlite, :memory:, ' +
    'postgres://user:password@host:port/database or mysql://user:password@host:port/database'
  return new AtlassianError('ATL_OPTION', 'database-url', {}, { message })
}
