import { isObject } from './ace-file.ts'
import type { AceValue } from './ace-keys.ts'
import { checkValue, type Kind } from './check-value.ts'

const database: Kind = { type: 'database' }
const elsewhere: Readonly<Record<string, string>> = {
  mongodb: 'MongoDB',
  dynamodb: 'DynamoDB'
}

/** ACE's `store`: an adapter with its own members. What cannot be used here is said, and never the address. */
export function readAceStore({ draft, value, from }: AceValue): void {
  if (!isObject(value)) {
    draft.problem(from, 'it must be an object')
    return
  }
  const { adapter = 'sequelize' } = value
  if (typeof adapter !== 'string' || !['sequelize', 'redis'].includes(adapter)) {
    const name = typeof adapter === 'string' && Object.hasOwn(elsewhere, adapter) ? elsewhere[adapter] : 'this adapter'
    draft.problem(
      `${from}.adapter`,
      `there is no store for ${name}: set DATABASE_URL, or take "store" out and give it in code; "npx fastify-atlassian import-ace" takes the tenants over`
    )
    return
  }
  const address = adapter === 'redis' ? value.url : sequelizeAddress(value)
  if (address === undefined) return
  const checked = checkValue(database, address)
  if ('expected' in checked) {
    draft.problem(`${from}.url`, checked.expected)
    return
  }
  draft.set('store', checked.value, from, true)
  sayImport(checked.value, from, draft)
  readPool(value.pool, `${from}.pool`, draft)
  sayUnused(value, from, draft)
}

function sequelizeAddress({ type, dialect, storage, url }: Record<string, unknown>): unknown {
  const kind = type ?? dialect
  if (kind === 'memory' || storage === ':memory:') return ':memory:'
  if (kind !== 'sqlite' && kind !== 'sqlite3') return url
  if (typeof storage === 'string') return `sqlite:${storage}`
  return url ?? ':memory:'
}

function sayImport(address: unknown, from: string, draft: AceValue['draft']): void {
  const importing = '"npx fastify-atlassian import-ace" takes the tenants over'
  if (address === ':memory:') return
  if (/^redis/i.test(String(address))) {
    draft.notice(`${from}: ${importing}, from a database that holds nothing else; name another database number here`)
  } else draft.notice(`${from}: the tables of this package stand beside those of ACE; ${importing}`)
}

/** Sequelize's names for what the option `database.pool` says. */
const poolMembers = { max: 'max', idle: 'idleTimeoutMs', acquire: 'connectionTimeoutMs' } as const

function readPool(pool: unknown, from: string, draft: AceValue['draft']): void {
  if (!isObject(pool)) return
  for (const [name, member] of Object.entries(poolMembers)) {
    if (pool[name] === undefined) continue
    draft.read(`database.pool.${member}`, { type: 'integer', min: 1, max: 2 ** 31 - 1 }, pool[name], `${from}.${name}`)
  }
}

const unused: Readonly<Record<string, string>> = {
  table: 'our tables have names of their own (FASTIFY_ATLASSIAN_DATABASE_TABLE_PREFIX), and import-ace takes --table',
  logging: 'the option "database.onQuery" is told of every statement',
  dialectOptions: 'what the driver has to know about TLS stands in the address, such as "?sslmode=require"'
}

function sayUnused(store: Record<string, unknown>, from: string, draft: AceValue['draft']): void {
  for (const [name, sentence] of Object.entries(unused)) {
    if (store[name] !== undefined && store[name] !== false) draft.notice(`${from}.${name} is not used: ${sentence}`)
  }
}
