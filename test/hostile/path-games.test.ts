// connect.md 9.1, entries 16 and 17: paths that are read in two ways, and headers that lie about the address.
import t, { type Test } from 'tap'
import { type AppOverrides, BASE_URL } from '../helpers/app.ts'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withQuery } from './attack.ts'
import { listen, rawRequest, sendRaw } from './raw.ts'

type Opened = (signed: string, sent: string) => Promise<void>

/**
 * Asserts that a token for one address does not open another: 401, or what says that there is no such address. Over a
 * real socket, because `inject` resolves dot segments itself.
 */
async function overSocket(t: Test, scene: Scene): Promise<{ isNotOpened: Opened; port: number }> {
  const port = await listen(scene.app)
  async function isNotOpened(signed: string, sent: string): Promise<void> {
    const token = await scene.host.sign.pageToken({ url: signed })
    const question = sent.includes('?') ? '&' : '?'
    const requests = [
      rawRequest('GET', `${sent}${question}jwt=${token}`, ['Host: app.example.com']),
      rawRequest('GET', sent, ['Host: app.example.com', `Authorization: JWT ${token}`])
    ]
    for (const request of requests) {
      const { status, body } = await sendRaw(port, request)
      t.ok([400, 401, 404].includes(status) && !body.includes('reached'), `a token for ${signed} at ${sent}: ${status}`)
    }
  }
  return { isNotOpened, port }
}

const pages = (prefix: string): AppOverrides => ({
  routes(app) {
    const answer = async () => 'reached'
    app.get(`${prefix}/files/*`, answer)
    app.get(`${prefix}/issue/:key`, answer)
    app.get(`${prefix}/admin`, answer)
  }
})

t.test('a token for one path does not open what another spelling leads to', async (t) => {
  const scene = await installedApp(t, pages(''))
  const { isNotOpened } = await overSocket(t, scene)
  for (const [signed, sent] of [
    ['/panel', '//panel'],
    ['/panel', '///panel'],
    ['/panel', '/./panel'],
    ['/panel', '/x/../panel'],
    ['/panel', '/%2e/panel'],
    ['/panel', '/x/%2e%2e/panel'],
    ['/panel', '/x/%2E%2E/panel'],
    ['/panel', '/%2fpanel'],
    ['/panel', '/PANEL'],
    ['/panel', '/panel;x=1'],
    ['/panel', '/panel%3fx=1'],
    ['/panel', '/panel%23'],
    ['/panel', '/panel%00'],
    ['/panel', '/panel%20'],
    ['/panel', '/panel//'],
    ['/panel', '\\panel'],
    ['/issue/A-1', '/issue/A-2'],
    ['/issue/A-1', '/issue/a-1'],
    ['/issue/A-1', '/issue/A-1%2f..%2fA-2'],
    ['/issue/A-1', '/issue/A%252d1'],
    ['/issue/A-1', '/issue/A-1;jsessionid=1'],
    ['/files/a', '/files/b'],
    ['/files/a/b', '/files/a%2fb'],
    ['/files/a%2fb', '/files/a/b'],
    ['/files/a', '/files/b/../a'],
    ['/files/a', '/files/./a'],
    ['/files/a', '/files//a'],
    ['/files/b', '/files/a/%2e%2e/b'],
    ['/files/../admin', '/admin'],
    ['/admin', '/files/../admin'],
    ['/files/a?b', '/files/a%3fb'],
    ['/files/a%3fb', '/files/a?b'],
    ['/files/a#b', '/files/a%23b'],
    ['/files/a', '/files/a%00'],
    ['/files/a;b', '/files/a%3bb'],
    ['/files/a%5cb', '/files/a\\b'],
    ['/files/a', '/files/%ff'],
    ['/files/a', '/files/%'],
    ['/files/a', '/files/%zz']
  ] as const) {
    await isNotOpened(signed, sent)
  }
})

t.test('a separator in the path cannot stand for one in the query', async (t) => {
  const scene = await installedApp(t, pages(''))
  const { isNotOpened } = await overSocket(t, scene)
  for (const [signed, sent] of [
    ['/files/a&b=1', '/files/a?b=1'],
    ['/files/a?b=1', '/files/a&b=1'],
    ['/files/a&b?x=y', '/files/a?b&x=y'],
    ['/files/a?b&x=y', '/files/a&b?x=y'],
    ['/files/a%26b?x=y', '/files/a?b&x=y']
  ] as const) {
    await isNotOpened(signed, sent)
  }
  const token = await scene.host.sign.pageToken({ url: '/files/a&b?x=y' })
  t.equal((await scene.app.inject(withQuery('/files/a&b?x=y', token))).statusCode, 200, 'the address itself is good')
})

t.test('a path that only begins like the base path is not below it', async (t) => {
  const baseUrl = `${BASE_URL}/connect`
  const scene = await installedApp(t, {
    baseUrl,
    routes(app) {
      for (const url of ['/connectors/panel', '/ors/panel', '/connect-evil/panel', '/panel']) {
        app.get(url, async () => 'reached')
      }
      pages('/connect').routes?.(app)
    }
  })
  const { isNotOpened } = await overSocket(t, scene)
  // What a plain cut of the prefix would leave of the second address.
  await isNotOpened('/ors/panel', '/connectors/panel')
  await isNotOpened('/-evil/panel', '/connect-evil/panel')
  await isNotOpened('/panel', '/connectors/panel')
  await isNotOpened('/panel', '/connect-evil/panel')
  await isNotOpened('/panel', '/connect/connect/panel')
  await isNotOpened('/panel', '/CONNECT/panel')
  await isNotOpened('/panel', '/connect//panel')
  await isNotOpened('/panel', '/connect/./panel')
  await isNotOpened('/panel', '/connect/x/../panel')
  await isNotOpened('/panel', '/%63onnect/panel')
  await isNotOpened('/panel', '/connect%2fpanel')
  await isNotOpened('/', '/connect/panel')
  await isNotOpened('/connect/panel', '/connect/panel')
  const token = await scene.host.sign.pageToken({ url: '/panel' })
  t.equal((await scene.app.inject(withQuery('/connect/panel', token))).statusCode, 200, 'the real one is good')
})

t.test('a router that forgives spellings does not change what was signed', async (t) => {
  const routerOptions = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
  const scene = await installedApp(t, { ...pages(''), fastify: { routerOptions } })
  const { isNotOpened } = await overSocket(t, scene)
  for (const [signed, sent] of [
    ['/panel', '/PANEL'],
    ['/panel', '//panel'],
    ['/panel', '/panel//'],
    ['/files/a', '/files//a'],
    ['/issue/A-1', '/ISSUE/A-1']
  ] as const) {
    await isNotOpened(signed, sent)
    const own = await scene.host.sign.pageToken({ url: sent })
    const { statusCode } = await scene.app.inject(withQuery(sent, own))
    t.ok(statusCode === 200 || statusCode === 404, `a token for ${sent} itself: ${statusCode}`)
  }
})

t.test('rewriting the address inside of the server does not change what was signed', async (t) => {
  const scene = await installedApp(t, {
    fastify: { rewriteUrl: (request) => (request.url ?? '').replace(/^\/old/, '/panel') }
  })
  const { isNotOpened } = await overSocket(t, scene)
  const forOld = await scene.host.sign.pageToken({ url: '/old' })
  t.equal((await scene.app.inject(withQuery('/old', forOld))).statusCode, 200, 'the host signed the old address')
  await isNotOpened('/panel', '/old')
})

t.test('no header chooses the address that a token is for', async (t) => {
  const disguises: Record<string, string>[] = [
    { host: 'evil.example.com' },
    { host: '' },
    { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'http', 'x-forwarded-port': '81' },
    { forwarded: 'host=evil.example.com;proto=http' },
    { 'x-forwarded-prefix': '/connect' },
    { 'x-forwarded-path': '/panel', 'x-forwarded-uri': '/panel' },
    { 'x-original-url': '/panel', 'x-rewrite-url': '/panel' },
    { 'x-script-name': '/connect', 'x-envoy-original-path': '/connect/panel' }
  ]
  for (const baseUrl of [BASE_URL, `${BASE_URL}/connect`]) {
    const scene = await installedApp(t, { baseUrl, ...pages(''), fastify: { trustProxy: true } })
    const { app, host, jira } = scene
    const prefix = new URL(baseUrl).pathname.replace(/\/$/, '')
    for (const headers of disguises) {
      const name = `${Object.keys(headers)[0]} at ${baseUrl}`
      const page = await host.sign.pageToken({ url: '/panel' })
      await refuses(t, scene, { ...withQuery('/admin', page), headers }, undefined, `another page, ${name}`)
      const good = await app.inject({ ...withQuery(`${prefix}/panel`, page), headers })
      t.equal(good.statusCode, 200, `the page itself, ${name}`)
      t.notMatch(JSON.stringify(good.headers) + good.body, /evil/, `nothing of the header comes back, ${name}`)

      for (const aud of ['https://evil.example.com', 'http://evil.example.com:81', 'http://evil.example.com']) {
        const token = await host.sign.installToken({ claims: { aud } })
        const call = lifecycleCall(token, lifecycleBody(jira, { sharedSecret: 'a-new-one' }), `${prefix}/installed`)
        const attack = { ...call, headers: { ...call.headers, ...headers } }
        await refuses(t, scene, attack, undefined, `an install for ${aud}, ${name}`)
      }
    }
  }
})

t.test('a webhook path with another spelling is another address', async (t) => {
  const scene = await installedApp(t)
  const port = await listen(scene.app)
  for (const sent of ['/hook/', '//hook', '/HOOK', '/hook%2f', '/hook;a', '/./hook']) {
    const token = await scene.host.sign.webhookToken({ url: '/hook' })
    scene.writes.length = 0
    const request = rawRequest('POST', sent, ['Host: app.example.com', `Authorization: JWT ${token}`])
    const { status } = await sendRaw(port, request)
    t.ok(status === 401 || status === 404, `${sent}: ${status}`)
    t.strictSame(scene.writes, [], `${sent}: nothing was written`)
  }
})
