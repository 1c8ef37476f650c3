import t from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import type { Tenant } from '../../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../../lib/tenant/tenant-directory.ts'
import type { TenantListQuery, TenantStore } from '../../../lib/tenant/tenant-store.ts'
import { makeTenant } from './make-tenant.ts'

interface Read {
  readonly clientKey: string
  answer(tenant: Tenant | null): Promise<void>
  fail(error: Error): Promise<void>
}

/** A directory on a store whose reads end when the test says so, and a clock that the test moves. */
function setUp(options: { freshMs?: number; maxTenants?: number; unknownPerSecond?: number } = {}) {
  const reads: Read[] = []
  const warnings: object[] = []
  let nowMs = 1_000_000
  const store = {
    find(lookup: { readonly clientKey: string }) {
      return new Promise<Tenant | null>((resolve, reject) => {
        const settled = () => new Promise<void>((done) => setImmediate(done))
        reads.push({
          clientKey: lookup.clientKey,
          answer: (tenant) => {
            resolve(tenant)
            return settled()
          },
          fail: (error) => {
            reject(error)
            return settled()
          }
        })
      })
    }
  } as Partial<TenantStore> as TenantStore
  const directory = createTenantDirectory({
    store,
    clock: () => nowMs,
    log: { ...silentLog, warn: (details) => void warnings.push(details) },
    freshMs: 5000,
    maxTenants: 100,
    ...options
  })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { directory, reads, warnings, pass }
}

const acme = makeTenant()
const version = (number: number) => makeTenant({ version: number })

t.test('a tenant that nobody asked for is not known, and one that was read is', async (t) => {
  const { directory, reads } = setUp()
  t.equal(directory.peek('acme-client'), undefined)
  const loading = directory.load('acme-client')
  await reads[0]?.answer(acme)
  t.equal(await loading, acme)
  t.equal(directory.peek('acme-client'), acme)
  t.equal(reads.length, 1)
})

t.test('all who ask at the same time share one read', async (t) => {
  const { directory, reads } = setUp()
  const all = Array.from({ length: 50 }, () => directory.load('acme-client'))
  t.equal(reads.length, 1)
  await reads[0]?.answer(acme)
  t.same(new Set(await Promise.all(all)), new Set([acme]))
})

t.test('after five seconds a tenant is given at once and read again behind', async (t) => {
  const { directory, reads, pass } = setUp()
  directory.put(version(1))
  pass(4999)
  t.equal(directory.peek('acme-client')?.version, 1)
  t.equal(reads.length, 0)
  pass(1)
  t.equal(directory.peek('acme-client')?.version, 1)
  t.equal(directory.peek('acme-client')?.version, 1)
  t.equal(reads.length, 1, 'one read for all')
  await reads[0]?.answer(version(2))
  t.equal(directory.peek('acme-client')?.version, 2)
})

t.test('after ten seconds a tenant is not used unread', async (t) => {
  const { directory, pass } = setUp()
  directory.put(acme)
  pass(10_000)
  t.equal(directory.peek('acme-client'), undefined)
})

t.test('a read behind that fails is logged, and the tenant is given until ten seconds are over', async (t) => {
  const { directory, reads, warnings, pass } = setUp()
  directory.put(acme)
  pass(6000)
  t.equal(directory.peek('acme-client'), acme)
  await reads[0]?.fail(new Error('connection lost'))
  t.match(warnings, [{ clientKey: 'acme-client', reason: 'connection lost' }])
  t.equal(directory.peek('acme-client'), acme)
  t.equal(reads.length, 2, 'tried again')
  pass(4000)
  t.equal(directory.peek('acme-client'), undefined)
})

t.test('with freshMs 0 nothing is used unread', async (t) => {
  const { directory } = setUp({ freshMs: 0 })
  directory.put(acme)
  t.equal(directory.peek('acme-client'), undefined)
})

t.test('an unknown issuer is known to be unknown for a second', async (t) => {
  const { directory, reads, pass } = setUp()
  const loading = directory.load('nobody')
  await reads[0]?.answer(null)
  t.equal(await loading, null)
  t.equal(directory.peek('nobody'), null)
  pass(999)
  t.equal(directory.peek('nobody'), null)
  pass(1)
  t.equal(directory.peek('nobody'), undefined)
  t.equal(reads.length, 1)
})

t.test('a tenant is read again at once because it did not fit, and at most once a second', async (t) => {
  const { directory, reads, pass } = setUp()
  directory.put(version(1))
  const first = directory.reread('acme-client')
  await reads[0]?.answer(version(2))
  t.equal((await first)?.version, 2, 'though it was just written')
  for (let i = 0; i < 50; i++) t.equal((await directory.reread('acme-client'))?.version, 2)
  t.equal(reads.length, 1)
  pass(1000)
  const second = directory.reread('acme-client')
  await reads[1]?.answer(version(3))
  t.equal((await second)?.version, 3)
})

t.test('those who ask again while the store is being asked wait for its answer', async (t) => {
  const { directory, reads } = setUp()
  directory.put(version(1))
  const all = Array.from({ length: 20 }, () => directory.reread('acme-client'))
  t.equal(reads.length, 1)
  await reads[0]?.answer(version(2))
  const versions = (await Promise.all(all)).map((tenant) => tenant?.version)
  t.same(new Set(versions), new Set([2]))
})

t.test('an unknown issuer is read again at most once a second', async (t) => {
  const { directory, reads } = setUp()
  for (let i = 0; i < 20; i++) {
    const reading = directory.reread('nobody')
    await reads[i]?.answer(null)
    t.equal(await reading, null)
  }
  t.equal(reads.length, 1)
})

t.test('a flood of made-up issuers pushes no tenant out', async (t) => {
  const { directory, reads } = setUp({ maxTenants: 2 })
  directory.put(acme)
  for (let i = 0; i < 1000; i++) {
    const loading = directory.load(`made-up-${i}`)
    await reads[i]?.answer(null)
    await loading
  }
  t.equal(directory.peek('acme-client'), acme)
})

t.test('no more tenants are held than allowed', async (t) => {
  const { directory } = setUp({ maxTenants: 2 })
  for (const clientKey of ['a', 'b', 'c']) directory.put(makeTenant({ clientKey }))
  t.equal(directory.peek('a'), undefined)
  t.equal(directory.peek('b')?.clientKey, 'b')
  t.equal(directory.peek('c')?.clientKey, 'c')
})

t.test('an answer that was under way does not bring an older tenant back', async (t) => {
  const { directory, reads } = setUp()
  const loading = directory.load('acme-client')
  directory.put(version(2))
  await reads[0]?.answer(version(1))
  await loading
  t.equal(directory.peek('acme-client')?.version, 2)
})

t.test('an answer from before the first install does not hide the tenant', async (t) => {
  const { directory, reads } = setUp()
  const loading = directory.load('acme-client')
  directory.put(version(1))
  await reads[0]?.answer(null)
  await loading
  t.equal(directory.peek('acme-client')?.version, 1)
})

t.test('a read that fails is thrown to those who wait, and the next one asks again', async (t) => {
  const { directory, reads } = setUp()
  const first = directory.load('acme-client')
  const rejected = t.rejects(first, { message: 'connection lost' })
  await reads[0]?.fail(new Error('connection lost'))
  await rejected
  const second = directory.load('acme-client')
  await reads[1]?.answer(acme)
  t.equal(await second, acme)
})

t.test('a tenant that came after it was unknown is known', async (t) => {
  const { directory, reads } = setUp()
  const loading = directory.load('acme-client')
  await reads[0]?.answer(null)
  await loading
  directory.put(acme)
  t.equal(directory.peek('acme-client'), acme)
})

t.test(
  'tokens of issuers that nobody knows are refused once too many were asked for, and cost nobody else',
  async (t) => {
    const { directory, reads, pass } = setUp({ unknownPerSecond: 1, freshMs: 0 })
    directory.put(acme)
    for (let i = 0; i < 5; i++) {
      const asking = directory.ask(`made-up-${i}`)
      await reads[i]?.answer(null)
      t.equal(await asking, null)
    }
    await t.rejects(directory.ask('made-up'), /too many/)
    await t.rejects(directory.reread('made-up-0'), /too many/)
    await t.rejects(directory.reread('made-up-0'), /too many/, 'again, and not told that there is none')
    t.equal(reads.length, 5)

    const known = directory.ask('acme-client')
    await reads[5]?.answer(acme)
    t.equal(await known, acme, 'saved here')
    directory.changes.changed('told')
    const told = directory.ask('told')
    await reads[6]?.answer(makeTenant({ clientKey: 'told' }))
    t.equal((await told)?.clientKey, 'told', 'saved by another process, which a notification told')
    const trusted = directory.load('named by the app')
    await reads[7]?.answer(null)
    t.equal(await trusted, null, 'code of the app is not counted')
    pass(1000)
    const later = directory.ask('made-up')
    await reads[8]?.answer(null)
    t.equal(await later, null)
  }
)

t.test('a read again that fails is followed by another one at once', async (t) => {
  const { directory, reads } = setUp()
  directory.put(version(1))
  const first = directory.reread('acme-client')
  const rejected = t.rejects(first, { message: 'connection lost' })
  await reads[0]?.fail(new Error('connection lost'))
  await rejected
  const second = directory.reread('acme-client')
  await reads[1]?.answer(version(2))
  t.equal((await second)?.version, 2, 'what was held is not taken for an answer of the store')
})

t.test('in a flood the tenants that live are read page by page, so that none of them is refused', async (t) => {
  const pages: TenantListQuery[] = []
  const tenants = Array.from({ length: 450 }, (_, i) => {
    const name = String(i).padStart(3, '0')
    return makeTenant({ tenantId: name, clientKey: `client-${name}` })
  })
  const store = {
    find: async ({ clientKey }: { readonly clientKey: string }) =>
      tenants.find((tenant) => tenant.clientKey === clientKey) ?? null,
    async list(query: TenantListQuery) {
      pages.push(query)
      const from = tenants.findIndex(({ tenantId }) => tenantId > (query.after ?? ''))
      return from < 0 ? [] : tenants.slice(from, from + query.limit)
    }
  } as Partial<TenantStore> as TenantStore
  const options = { store, clock: () => 0, log: silentLog, freshMs: 5000, maxTenants: 100, unknownPerSecond: 1 }
  const directory = createTenantDirectory(options)
  for (let i = 0; i < 5; i++) t.equal(await directory.ask(`made-up-${i}`), null)
  await t.rejects(directory.ask('made-up'), /too many/)
  await new Promise((done) => setImmediate(done))
  t.same(
    pages.map(({ after = '', status }) => [after, status]),
    ['', '199', '399'].map((after) => [after, 'installed'])
  )
  for (const { clientKey } of tenants) t.equal((await directory.ask(clientKey))?.clientKey, clientKey)
  await t.rejects(directory.ask('made-up'), /too many/)
})
