// A flood of well formed tokens of issuers that nobody is: what reaches the database is bounded, and no tenant pays.

import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } from 'atlassian-jwt'
import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, type TenantStore } from 'fastify-atlassian'
import { createKyselyTenantStore, migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { createTestClock, type TestClock } from '../helpers/app.ts'
import { testEncryption } from '../helpers/encryption.ts'
import { testPostgres } from '../helpers/postgres.ts'

const FLOOD = 10_000
/** Five seconds' worth of the default; the clock of these tests stands still. */
const BUDGET = 100

/** One process of the app, what its store was asked, and every statement that it sent. */
async function startNode(t: Test, host: HostSimulator, clock: TestClock, url: string) {
  const statements: string[] = []
  const lookups: object[] = []
  const pages: object[] = []
  const database = await openDatabase(url, { onQuery: ({ sql }) => void statements.push(sql) })
  function makeStore(appKey: string): TenantStore {
    const store = createKyselyTenantStore({ appKey, database, encryption: testEncryption, ownsDatabase: true })
    return {
      ...store,
      find(lookup) {
        lookups.push(lookup)
        return store.find(lookup)
      },
      list(query) {
        pages.push(query)
        return store.list(query)
      }
    }
  }
  const app = Fastify()
  await app.register(connectPlugin, {
    descriptor: {
      key: 'flooded-app',
      name: 'Flooded',
      baseUrl: '{{localBaseUrl}}',
      authentication: { type: 'jwt' },
      lifecycle: { installed: '/installed' },
      modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }] }
    },
    baseUrl: 'http://127.0.0.1:3999',
    environment: 'test',
    store: makeStore,
    ...host.connectOptions(),
    clock
  })
  app.get('/page', async () => 'page')
  t.teardown(() => app.close())
  await app.ready()
  const madeUp = () => lookups.filter((lookup) => /made-up/.test(JSON.stringify(lookup))).length
  return { app, madeUp, pages, statements }
}

function page(clock: TestClock, clientKey: string, secret: string): string {
  const iat = clock() / 1000
  const qsh = createQueryStringHash(fromMethodAndUrl('get', '/page'))
  return `/page?jwt=${encodeSymmetric({ iss: clientKey, iat, exp: iat + 180, qsh }, secret)}`
}

/** How often each status came back. 503 has to say when to come again. */
async function flood(app: FastifyInstance, clock: TestClock, count = FLOOD): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {}
  let sent = 0
  const send = async (): Promise<void> => {
    while (sent < count) {
      const { statusCode, headers } = await app.inject(page(clock, `made-up-${sent++}`, 'guess'))
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
      if (statusCode === 503 && headers['retry-after'] === undefined) throw new Error('503 without retry-after')
    }
  }
  await Promise.all(Array.from({ length: 200 }, send))
  return statuses
}

/** The status once it is another one than 503, for 2 seconds: in a flood of `inject` no answer of a server is heard. */
async function comeAgain(open: () => Promise<number>): Promise<number> {
  const startedAt = Date.now()
  let status = await open()
  while (status === 503 && Date.now() - startedAt < 2000) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    status = await open()
  }
  return status
}

/** A node after the flood, a tenant that it knows, and one that another node installs then. */
async function afterTheFlood(t: Test, url: string) {
  const clock = createTestClock()
  const sites = ['early', 'late'].map((name) => ({ name, product: 'jira' as const }))
  const host = await createHostSimulator({ sites, clock })
  t.teardown(() => host.close())
  const here = await startNode(t, host, clock, url)
  const there = await startNode(t, host, clock, url)
  const open = async (site: string, { app } = here) => {
    const { clientKey, sharedSecret } = host.site(site)
    return (await app.inject(page(clock, clientKey, sharedSecret))).statusCode
  }
  await host.install(here.app, { site: 'early' })
  t.equal(await open('early'), 200)

  const before = here.statements.length
  t.same(await flood(here.app, clock), { 401: BUDGET, 503: FLOOD - BUDGET })
  t.equal(here.madeUp(), BUDGET, `${FLOOD} forged tokens, ${BUDGET} of them were looked up`)
  // The hook of the install is handled meanwhile, and the names of the tenants are read.
  const sent = here.statements.length - before
  t.ok(sent < BUDGET + 20, `${sent} statements`)
  t.equal(await open('early'), 200, 'who is known here is served all the same')
  await flood(there.app, clock, 2 * BUDGET)
  t.equal(await comeAgain(() => open('early', there)), 200, 'and so is who was never seen by a process that is new')
  t.same([here.pages.length, there.pages.length], [1, 1], 'of which each process has read one page')
  t.equal((await host.install(there.app, { site: 'late' })).status, 204)
  return { clock, open }
}

t.test(
  'SQLite: a tenant that another process installed meanwhile is asked to come again, and then served',
  async (t) => {
    const { clock, open } = await afterTheFlood(t, `sqlite:${t.testdir()}/flood.sqlite`)
    t.equal(await open('late'), 503, 'no verdict, for nobody was asked')
    t.equal(await open('late'), 503)
    clock.advanceSeconds(1)
    t.equal(await open('late'), 200)
  }
)

t.test('PostgreSQL: a tenant that another process installed meanwhile is served at once', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const url = await postgres.freshDatabase()
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await database.close()
  const { open } = await afterTheFlood(t, url)
  const installedAt = Date.now()
  // Until the notification is here, which is on its way since the install.
  t.equal(await comeAgain(() => open('late')), 200)
  t.comment(`served ${Date.now() - installedAt} ms after the install`)
})
