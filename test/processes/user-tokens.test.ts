import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Secret } from 'fastify-atlassian/core'
import { createKyselyTenantStore, openDatabase } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { newTenant } from '../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../helpers/encryption.ts'
import { testPostgres } from '../helpers/postgres.ts'
import { createAppDouble, exampleDescriptor } from '../lib/testing/app-double.ts'

const node = new URL('./token-node.ts', import.meta.url).pathname

async function startNode(t: Test, host: HostSimulator, database: string): Promise<ChildProcess> {
  const child = fork(node, {
    execArgv: ['--conditions=fastify-atlassian-source'],
    env: { ...process.env, DATABASE: database, OPTIONS: JSON.stringify(host.connectOptions()) }
  })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error('the node ended')))])
  return child
}

async function ask(child: ChildProcess, request: { clientKey: string; accountId: string; times: number }) {
  const answer = once(child, 'message')
  child.send(request)
  const [{ tokens, error }] = await answer
  if (error !== undefined) throw new Error(error)
  return tokens as string[]
}

t.test('two processes that ask for one token forty times ask the authorization server once', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const database = await postgres.freshDatabase()
  const host = await createHostSimulator({ sites: [{ name: 'site', product: 'jira' }] })
  t.teardown(() => host.close())
  // The double says yes to the install; what the app would have written is written here.
  await host.install(createAppDouble({ ...exampleDescriptor, scopes: ['READ', 'ACT_AS_USER'] }))
  const site = host.site()
  const store = createKyselyTenantStore({ appKey: 'team-app', database, migrate: true, encryption: testEncryption })
  await store.open()
  t.teardown(() => store.close())
  const known = newTenant({
    tenantId: randomUUID(),
    clientKey: site.clientKey,
    baseUrl: site.baseUrl,
    oauthClientId: site.oauthClientId,
    sharedSecret: new Secret(site.sharedSecret)
  })
  const tenant = await store.save({ ...known, appKey: 'team-app' }, null)
  const [a, b] = await Promise.all([startNode(t, host, database), startNode(t, host, database)])
  const exchanges = () => host.exchanges.filter(({ kind }) => kind === 'token').length
  const both = async (accountId: string) => {
    const request = { clientKey: site.clientKey, accountId, times: 20 }
    return (await Promise.all([ask(a, request), ask(b, request)])).flat()
  }

  // Long enough that all of them are there before the answer.
  host.failNext({ target: 'token', delayMs: 300 })
  const first = await both('557058:ada-0001')
  t.equal(first.length, 40)
  t.equal(new Set(first).size, 1)
  t.equal(exchanges(), 1)
  const asAda = await fetch(`${site.baseUrl}/rest/api/3/myself`, { headers: { authorization: `Bearer ${first[0]}` } })
  t.match(await asAda.json(), { accountId: '557058:ada-0001' })

  t.equal(new Set(await both('557058:ada-0001')).size, 1, 'and not again')
  t.not((await both('557058:bo-0002'))[0], first[0], 'another user has another token')
  t.equal(exchanges(), 2)

  await store.save({ ...tenant, secretVersion: tenant.secretVersion + 1 }, tenant.version)
  const later = await both('557058:ada-0001')
  t.equal(new Set(later).size, 1)
  t.not(later[0], first[0], 'what was rotated elsewhere ends the token of every process')
  t.equal(exchanges(), 3)

  const handle = await openDatabase(database)
  t.teardown(() => handle.close())
  const { rows } = await sql<object>`select * from atl_tokens`.execute(handle.kysely)
  t.equal(rows.length, 3)
  for (const token of [...first, ...later]) t.notMatch(JSON.stringify(rows), token)
  t.match(rows, [{ lease_owner: null }, { lease_owner: null }, { lease_owner: null }])
})
