import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { createBitbucketClient } from '../../lib/cli/dev/bitbucket.ts'
import { startRealSites } from '../../lib/cli/dev/real-sites.ts'
import { createReporter } from '../../lib/cli/dev/report.ts'
import { readSettings } from '../../lib/cli/dev/settings.ts'
import { createDevEvents, devEventNames } from '../../lib/cli/dev-events.ts'
import { Secret } from '../../lib/secret.ts'

const descriptorUrl = 'https://words.example.com/atlassian-connect.json'
const { signal } = new AbortController()

async function scene(t: Test, addons: object[] | null = [], refuse: Record<string, number> = {}) {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    seen.push(`${method} ${url} ${body}`.trim())
    t.equal(headers.authorization, `Basic ${Buffer.from('ada:app-password').toString('base64')}`)
    const status = refuse[method] ?? 200
    response.writeHead(status).end(addons === null ? '<html>' : JSON.stringify({ values: addons }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const api = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const login = { username: 'ada', password: new Secret('app-password') }
  const client = createBitbucketClient(login, { requestMs: 1000, installMs: 1000 }, fetch, api)
  return {
    client,
    seen,
    register: (force = true) => client.register({ appKey: 'the-app', descriptorUrl, force }, signal)
  }
}

const there = [
  { key: 'other', id: 1 },
  { key: 'the-app', id: 42 }
]
const root = '/2.0/account/ada/addons'

t.test('an app is registered by the address of its descriptor', async (t) => {
  const { seen, register } = await scene(t)
  t.equal(await register(), 'registered')
  t.same(seen, [`GET ${root}`, `POST ${root} ${JSON.stringify({ url: descriptorUrl })}`])
})

t.test('one that is there is left, or removed first', async (t) => {
  const { seen, register } = await scene(t, there)
  t.equal(await register(false), 'present')
  t.equal(await register(true), 'registered')
  t.match(seen, [`GET ${root}`, `GET ${root}`, `DELETE ${root}/42`, /^POST/])
})

t.test('it is removed by its number, and nothing is done when it is not there', async (t) => {
  const { client, seen } = await scene(t, there)
  await client.deregister('the-app', signal)
  await client.deregister('unknown', signal)
  t.same(seen, [`GET ${root}`, `DELETE ${root}/42`, `GET ${root}`])
})

t.test('refusals say what can be done', async (t) => {
  await t.rejects((await scene(t, [], { POST: 403 })).register(), {
    message: /refused \(403\)\. Since 2 February 2026 Bitbucket registers no new Connect apps/
  })
  await t.rejects((await scene(t, [], { GET: 401 })).register(), { message: /\(401\)/ })
  await t.rejects((await scene(t, [], { POST: 401 })).register(), { message: /\(401\)/ })
  await t.rejects((await scene(t, there, { DELETE: 500 })).register(), { message: /cannot be removed \(500\)/ })
  await t.rejects((await scene(t, null)).register(), { message: /two-step login/ })
})

t.test('dev registers on the account alone, and deregisters at the end', async (t) => {
  const bitbucket = { username: 'ada', password: 'app-password' }
  const hosts = { 'example.atlassian.net': { username: 'ada', password: 'other-password' } }
  const cwd = t.testdir({ 'app.js': '', 'credentials.json': JSON.stringify({ bitbucket, hosts }) })
  const asked: string[] = []
  let printed = ''
  const say = (text: string) => {
    printed += text
  }
  let values: object[] = []
  const world = {
    env: {},
    cwd,
    out: say,
    err: say,
    async fetch(url: string, init: RequestInit = {}) {
      asked.push(`${init.method} ${url}`)
      return new Response(JSON.stringify({ values }))
    }
  }
  const port = String(20_000 + Math.floor(Math.random() * 20_000))
  const argv = ['--product', 'bitbucket', '--public-url', 'https://app.example.com', '--port', port]
  const settings = readSettings(argv, world, {})
  if (settings === 'help') throw new Error('help')
  const events = createDevEvents((error) => t.fail(String(error)))
  const told: unknown[] = []
  for (const name of devEventNames) events.on(name, (event) => told.push([name, event]))
  const host = await startRealSites(settings, world, { reporter: createReporter(world, false), events, signal })
  const app = createServer((_request, response) => response.end('{"key":"the-app"}')).listen(host.appPort, '127.0.0.1')
  await once(app, 'listening')
  await host.appReady('first')
  values = there
  await host.leave()
  await host.close()
  app.close()
  app.closeAllConnections()
  const account = 'https://api.bitbucket.org/2.0/account/ada/addons'
  t.same(asked, [`GET ${account}`, `POST ${account}`, `GET ${account}`, `DELETE ${account}/42`])
  const onBitbucket = { baseUrl: 'https://bitbucket.org', product: 'bitbucket' }
  t.strictSame(told, [
    ['appRegistered', { appKey: 'the-app', hosts: [onBitbucket], failed: [] }],
    ['appDeregistered', { appKey: 'the-app', hosts: [onBitbucket] }]
  ])
  t.match(host.appOptions, { baseUrl: 'https://app.example.com' })
  t.notMatch(printed, /password/)
})
