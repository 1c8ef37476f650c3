import jwt from 'atlassian-jwt'
import Fastify from 'fastify'
import t from 'tap'
import {
  createAppDouble,
  exampleDescriptor,
  hashOf,
  headerToken,
  lastRequest,
  queryToken,
  startHost,
  verifyShared
} from './app-double.ts'

t.test('a page is loaded with filled variables, the host parameters and a token over exactly that URL', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  app.answer = () => ({ status: 200, body: '<p>hello</p>' })
  const page = await host.openPage('panel', { user: 'Bo', issue: 'TEA-2' })
  t.equal(page.body, '<p>hello</p>')
  const { url } = lastRequest(app)
  const query = new URL(url, 'http://app').searchParams
  t.match(Object.fromEntries(query), {
    issue: 'TEA-2',
    project: '10000',
    xdm_e: host.site().origin,
    xdm_c: 'channel-tea-timer__panel',
    cp: '',
    lic: 'none',
    cv: String
  })
  const token = queryToken(lastRequest(app))
  const { payload } = await verifyShared(token, host.site().sharedSecret)
  t.equal(payload.qsh, jwt.createQueryStringHash(jwt.fromMethodAndUrl('GET', url)))
  t.equal(payload.sub, host.users.find((user) => user.name === 'Bo')?.accountId)
  t.equal(payload.iss, host.site().clientKey)
  t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 180)
  t.strictSame(payload.context, {
    jira: { project: { id: '10000', key: 'TEA' }, issue: { id: '10002', key: 'TEA-2' } }
  })
})

t.test('an anonymous visitor has no subject, and a page that is about nothing has empty variables', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  await host.openPage('overview', { user: null })
  t.match(lastRequest(app).url, /^\/overview\/\?space=&xdm_e=/)
  const { payload } = await verifyShared(queryToken(lastRequest(app)), host.site().sharedSecret)
  t.notOk('sub' in payload)
  t.strictSame(payload.context, {})
})

t.test('values that the app supplies are encoded once, and hashed as they are sent', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  await host.openPage('overview', { customData: { view: "a/b c'd(é)*" }, params: { 'x&y': '1=2+3', '': 'empty' } })
  const { url } = lastRequest(app)
  t.match(url, '/overview/a%2Fb%20c%27d%28%C3%A9%29%2A?space=&x%26y=1%3D2%2B3&=empty&xdm_e=')
  const { payload } = await verifyShared(queryToken(lastRequest(app)), host.site().sharedSecret)
  t.equal(payload.qsh, jwt.createQueryStringHash(jwt.fromMethodAndUrl('GET', url)))
})

t.test('a cacheable page is exactly the URL of the descriptor', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  await host.openPage('cached', { issue: 'TEA-1' })
  t.equal(lastRequest(app).url, '/cached?kept={issue.key}')
  t.equal(await host.pageUrl('cached'), 'https://tea.example.com/cached?kept={issue.key}')
})

t.test('Confluence pages know cp, the page and the space', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble({
    ...exampleDescriptor,
    enableLicensing: true,
    modules: {
      staticContentMacros: [{ key: 'static', url: '/static?page={page.id}&uri={uri}' }],
      dynamicContentMacros: [
        { key: 'macro', url: 'macro?v={page.version}', editor: { url: '/edit', cacheable: true } },
        { key: 'form', url: '/form?space={space.key}', renderingMethod: 'post' }
      ]
    }
  })
  await host.install(app, { site: 'confluence' })
  const site = host.site('confluence')

  await host.openPage('macro', { site: 'confluence' })
  t.match(lastRequest(app).url, /^\/macro\?v=1&.*cp=%2Fwiki&.*lic=active&/)
  const { payload } = await verifyShared(queryToken(lastRequest(app)), site.sharedSecret)
  t.strictSame(payload.context, {
    confluence: { space: { id: '65538', key: 'TEA' }, content: { id: '131073', type: 'page', version: '1' } }
  })

  await host.openPage('static', { site: 'confluence', params: { uri: 'urn:tea' } })
  t.match(lastRequest(app).url, /^\/static\?page=131073&uri=urn%3Atea&/)
  t.notMatch(lastRequest(app).url, /jwt=/)
  await verifyShared(headerToken(lastRequest(app)), site.sharedSecret)

  await host.openPage('form', { site: 'confluence', page: '131074' })
  const { method, url, body } = lastRequest(app)
  t.strictSame([method, url], ['POST', '/form'])
  const form = Object.fromEntries(new URLSearchParams(body))
  t.equal(form.space, 'TEA')
  const posted = await verifyShared(form.jwt ?? '', site.sharedSecret)
  const request = { method: 'POST', pathname: '/form', query: {}, body: form }
  t.equal(posted.payload.qsh, jwt.createQueryStringHash(request, true))

  await host.openPage('macro/editor', { site: 'confluence' })
  t.equal(lastRequest(app).url, '/edit')
})

t.test('the list of pages has what an iframe can open, in whatever shape the descriptor gives it', async (t) => {
  const host = await startHost(t)
  const app = createAppDouble({
    ...exampleDescriptor,
    modules: {
      configurePage: { key: 'config', url: 'config', name: { value: 'Config' } },
      adminPages: false,
      generalPages: [
        null,
        'text',
        { key: 'about', url: '/about' },
        { url: '/nameless' },
        { key: 'far', url: '//x.test/' }
      ],
      jiraIssueGlances: [{ key: 'glance', target: { type: 'web_panel', url: '/glance?i={issue.id}' } }],
      webItems: [
        { key: 'item', url: '/item' },
        { key: 'to-page', url: 'about', context: 'page' },
        { key: 'to-product', url: '/browse', context: 'product' }
      ],
      contentBylineItems: [{ key: 'byline', url: '/byline', target: { type: 'inlinedialog' } }],
      jiraDevelopmentTool: { key: 'tool', url: 'https://tool.example.com' },
      webhooks: { event: 'x', url: '/x' }
    }
  })
  await host.install(app)
  t.strictSame(
    host.modules().map(({ key, type, url, cacheable }) => [key, type, url, cacheable]),
    [
      ['config', 'configurePage', 'config', false],
      ['about', 'generalPages', '/about', false],
      ['generalPages-1', 'generalPages', '/nameless', false],
      ['glance', 'jiraIssueGlances', '/glance?i={issue.id}', false],
      ['item', 'webItems', '/item', false],
      ['byline', 'contentBylineItems', '/byline', false]
    ]
  )
  await host.openPage('glance')
  t.match(lastRequest(app).url, /^\/glance\?i=10001&/)
  await host.openPage('config')
  t.match(lastRequest(app).url, /^\/config\?xdm_e=/)
  await t.rejects(host.openPage('far'), { message: /no page-like module "far"/ })
  await t.rejects(host.openPage('about', { issue: 'NO-1' }), { message: /has no issue "NO-1"/ })
  await t.rejects(host.openPage('about', { user: 'Zoe' }), { message: /has no user "Zoe"/ })
})

t.test('a descriptor without any modules has no pages', async (t) => {
  const host = await startHost(t)
  await host.install(createAppDouble({ ...exampleDescriptor, modules: undefined }))
  t.strictSame(host.modules(), [])
  await host.install(createAppDouble({ ...exampleDescriptor, modules: false }))
  t.strictSame(host.modules(), [])
})

t.test("the page's front end calls the app with a context token, another token or none", async (t) => {
  const host = await startHost(t)
  const app = createAppDouble()
  await host.install(app)
  await host.callApp('/api/timers?x=1', { method: 'PUT', body: { minutes: 3 }, user: 'Cleo', issue: 'TEA-3' })
  const request = lastRequest(app)
  t.match(request, { method: 'PUT', url: '/api/timers?x=1', body: '{"minutes":3}' })
  const { payload } = await verifyShared(headerToken(request), host.site().sharedSecret)
  t.match(payload, { qsh: 'context-qsh', iss: host.site().clientKey })
  t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 900)
  t.match(payload.context, { jira: { issue: { key: 'TEA-3' } } })

  const exchange = await host.callApp('api', { token: 'a.b.c', body: 'raw', method: 'POST', headers: { 'X-Two': '2' } })
  t.match(lastRequest(app), { url: '/api', body: 'raw', headers: { authorization: 'JWT a.b.c', 'x-two': '2' } })
  t.equal(exchange.tokenKind, null)
  await host.callApp('/api', { token: '' })
  t.equal(lastRequest(app).headers.authorization, undefined)
})

t.test('a Fastify instance is an app, before it listens', async (t) => {
  const host = await startHost(t)
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/atlassian-connect.json', async () => exampleDescriptor)
  app.post('/installed', async (_request, reply) => reply.code(204).send())
  app.post('/enabled', async (_request, reply) => reply.code(204).send())
  app.get('/panel', async (request) => ({ host: request.host, issue: (request.query as { issue: string }).issue }))
  t.equal((await host.install(app)).status, 204)
  const page = await host.openPage('panel')
  t.strictSame(JSON.parse(page.body), { host: 'tea.example.com', issue: 'TEA-1' })
})

t.test('hostile tokens: claims and headers can be changed or left out, and signed with any key', async (t) => {
  const host = await startHost(t)
  await host.install(createAppDouble())
  const secret = host.site().sharedSecret
  const decode = (token: string, part: number) =>
    JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString())

  const page = await host.sign.pageToken({ url: '/panel?b=2&a=1', claims: { exp: undefined, extra: [1] } })
  t.match(decode(page, 1), { qsh: hashOf('GET&/panel&a=1&b=2'), extra: [1] })
  t.notOk('exp' in decode(page, 1))
  t.doesNotThrow(() => jwt.decodeSymmetric(page, secret, jwt.SymmetricAlgorithm.HS256))

  const strong = await host.sign.contextToken({ header: { alg: 'HS512' } })
  t.doesNotThrow(() => jwt.decodeSymmetric(strong, secret, jwt.SymmetricAlgorithm.HS512))
  const none = await host.sign.webhookToken({ url: '/hooks', header: { alg: 'none' } })
  t.match(none, /^[\w-]+\.[\w-]+\.$/)
  t.equal(decode(none, 1).qsh, hashOf('POST&/hooks&'))

  const own = await host.sign.installToken({ header: { jku: 'https://evil.test' } })
  t.match(decode(own, 0), { alg: 'RS256', jku: 'https://evil.test' })
  const key = await (await fetch(`${host.connectOptions().installKeyHosts[0]}/${decode(own, 0).kid}`)).text()
  t.doesNotThrow(() => jwt.decodeAsymmetric(own, key, jwt.AsymmetricAlgorithm.RS256))
  const confused = await host.sign.installToken({ header: { alg: 'HS256' }, key })
  t.doesNotThrow(() => jwt.decodeSymmetric(confused, key, jwt.SymmetricAlgorithm.HS256))
  t.equal(host.sign.custom('{broken', '[]', 'k'), `${Buffer.from('{broken').toString('base64url')}.W10.`)
})
