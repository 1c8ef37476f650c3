import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { Secret } from '../../../lib/secret.ts'
import { createKyselyTenantStore, openDatabase, reencryptSecrets } from '../../../lib/store/index.ts'
import type { TokenKey } from '../../../lib/tenant/token-store.ts'
import { newTenant } from '../../../lib/testing/store-contract-fixtures.ts'

const appKey = 'contract-app'
const NOW = 1_790_000_000_000
const key = (id: string) => ({ id, key: randomBytes(32).toString('base64') })

async function setUp(directory: string, keys: readonly { id: string; key: string }[]) {
  const database = await openDatabase(join(directory, 'a.sqlite'))
  const open = async (keys: readonly { id: string; key: string }[]) => {
    const store = createKyselyTenantStore({ appKey, database, encryption: { keys } })
    await store.open()
    if (store.tokens === undefined) throw new Error('this store keeps tokens')
    return { store, tokens: store.tokens }
  }
  const { store, tokens } = await open(keys)
  const { tenantId } = await store.save(newTenant(), null)
  const named = (name: string): TokenKey => ({ tenantId, kind: 'user', name })
  return { database, open, store, tokens, named }
}

t.test('a dump of the database holds neither a token nor whose it is', async (t) => {
  const { database, tokens, named } = await setUp(t.testdir(), [key('one')])
  await tokens.put(named('["client","557058:ada-0001",["READ"]]'), { token: new Secret('the-token'), expiresAtMs: NOW })
  const { rows } = await sql<object>`select * from atl_tokens`.execute(database.kysely)
  const dump = JSON.stringify(rows)
  t.equal(rows.length, 1)
  t.match(dump, /atlenc1\.one\./)
  t.notMatch(dump, /the-token|ada-0001|READ/)
  await database.close()
})

t.test('a token that is moved to another row does not open there', async (t) => {
  const { database, store, tokens, named } = await setUp(t.testdir(), [key('one')])
  const other = await store.save(newTenant(), null)
  const rows = [
    named('ada'),
    named('bo'),
    { ...named('ada'), kind: 'system' as const },
    { ...named('ada'), tenantId: other.tenantId }
  ]
  for (const row of rows) await tokens.put(row, { token: new Secret(JSON.stringify(row)), expiresAtMs: NOW })
  const stored = await database.kysely.selectFrom('atl_tokens').selectAll().execute()
  const [first] = rows.map(({ tenantId, kind }) =>
    stored.filter((one) => one.tenant_id === tenantId && one.kind === kind)
  )
  const sealed = first?.[0]?.value ?? ''
  let opened = 0
  await database.kysely.updateTable('atl_tokens').set({ value: sealed }).execute()
  for (const row of rows) {
    const found = await tokens.get(row).catch((error: unknown) => error)
    if (found instanceof Error) t.match(found, { code: 'ATL_ENCRYPTION_KEY' })
    else opened += 1
  }
  t.equal(opened, 1, 'only where it belongs')
  await database.close()
})

t.test('re-encryption takes tokens along, and what has expired goes unread', async (t) => {
  const [one, two, gone] = [key('one'), key('two'), key('gone')]
  const { database, open, tokens, named } = await setUp(t.testdir(), [one])
  for (let n = 0; n < 25; n++)
    await tokens.put(named(`${n}`), { token: new Secret(`token-${n}`), expiresAtMs: NOW + 1 })
  await tokens.acquire(named('asking'), { owner: 'a', nowMs: NOW, leaseMs: 1000 })
  const old = await open([gone])
  await old.tokens.put(named('expired'), { token: new Secret('expired'), expiresAtMs: NOW })
  const encryption = { keys: [two, one] }
  const result = await reencryptSecrets(database, { encryption, batchSize: 10, clock: () => NOW })
  t.match(result, { tenants: 1, rewritten: 27, complete: true }, 'two secrets of the tenant and its tokens')
  const after = await open([two])
  for (let n = 0; n < 25; n++) t.equal((await after.tokens.get(named(`${n}`)))?.token.reveal(), `token-${n}`)
  t.equal(await after.tokens.get(named('expired')), null)
  t.equal(await after.tokens.acquire(named('asking'), { owner: 'b', nowMs: NOW, leaseMs: 1000 }), false)
  t.match(await reencryptSecrets(database, { encryption, clock: () => NOW }), { rewritten: 0, complete: true })
  await database.close()
})

t.test('a re-encryption that is stopped among the tokens says that it is not complete', async (t) => {
  const [one, two] = [key('one'), key('two')]
  const { database, tokens, named } = await setUp(t.testdir(), [one])
  for (const name of ['a', 'b', 'c']) await tokens.put(named(name), { token: new Secret('t'), expiresAtMs: NOW + 1 })
  const stop = new AbortController()
  const encryption = { keys: [two, one] }
  // The clock is read when the tenants are done.
  const clock = () => {
    stop.abort()
    return NOW
  }
  const part = await reencryptSecrets(database, { encryption, batchSize: 1, signal: stop.signal, clock })
  t.match(part, { complete: false })
  t.match(await reencryptSecrets(database, { encryption, clock: () => NOW }), { complete: true })
  await database.close()
})

t.test('a key that is missing is an error that names it', async (t) => {
  const [one, two] = [key('one'), key('two')]
  const { database, open, tokens, named } = await setUp(t.testdir(), [one])
  await tokens.put(named('a'), { token: new Secret('t'), expiresAtMs: NOW })
  const other = await open([two])
  await t.rejects(other.tokens.get(named('a')), { code: 'ATL_ENCRYPTION_KEY', message: /"one"/ })
  await t.rejects(other.tokens.delete(named('a'), new Secret('t')), { code: 'ATL_ENCRYPTION_KEY' })
  await database.close()
})
