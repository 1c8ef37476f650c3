import type { FastifyInstance } from 'fastify'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const routes = (app: FastifyInstance) => {
  app.get('/page', async (_request, reply) =>
    reply.type('text/html').send(`<script nonce="${reply.scriptNonce}">1</script>`)
  )
  app.get('/json', async () => ({ ok: true }))
  app.get('/open', app.atlassian.protect('none'), async (_request, reply) => reply.type('text/html').send('<p>open'))
  app.get('/own', async (_request, reply) =>
    reply
      .type('text/html')
      .header('content-security-policy', "default-src 'self'")
      .header('cache-control', 'private')
      .send('own')
  )
}

async function load(app: FastifyInstance, url: string) {
  return await app.inject(`${url}?jwt=${await host.sign.pageToken({ url })}`)
}

async function installedApp(t: Test, overrides: AppOverrides = {}) {
  const made = await buildApp(t, { host, routes, ...overrides })
  await installed(host, made.app)
  return made
}

/** The sources of one directive. */
function directive(policy: unknown, name: string): string[] {
  const found = String(policy)
    .split('; ')
    .find((text) => text.startsWith(`${name} `))
  return found === undefined ? [] : found.split(' ').slice(1)
}

t.test('a page may be framed by its own tenant and nobody else', async (t) => {
  const { app } = await installedApp(t)
  const { headers } = await load(app, '/page')
  t.strictSame(directive(headers['content-security-policy'], 'frame-ancestors'), [host.site().origin])
  await installed(host, app, 'confluence')
  const jwt = await host.sign.pageToken({ url: '/page', site: 'confluence' })
  const wiki = await app.inject(`/page?jwt=${jwt}`)
  t.strictSame(directive(wiki.headers['content-security-policy'], 'frame-ancestors'), [host.site('confluence').origin])
})

t.test('the custom domains of a tenant may frame its pages', async (t) => {
  const { app, clock } = await installedApp(t)
  clock.advanceSeconds(1)
  const body = { displayUrl: 'https://tea.example.com/', displayUrlServicedeskHelpCenter: 'https://help.example.com' }
  await sendLifecycle(app, host, 'installed', { body })
  const { headers } = await load(app, '/page')
  t.strictSame(directive(headers['content-security-policy'], 'frame-ancestors'), [
    host.site().origin,
    'https://tea.example.com',
    'https://help.example.com'
  ])
})

t.test('a display URL that is not a plain https address is dropped and logged', async (t) => {
  const { app, lines } = await installedApp(t)
  let iat = Math.floor(Date.now() / 1000)
  for (const displayUrl of [
    'http://tea.example.com',
    'https://user:pw@tea.example.com',
    'javascript:alert(1)',
    "https://tea.example.com; script-src 'unsafe-inline'",
    'https://*.example.com',
    'https://*',
    'https://tea.example.com;sandbox',
    "https://'self'",
    'https://tea.example.com,evil.example.com',
    "https://a.example.com 'unsafe-inline'",
    '//tea.example.com',
    'not an address',
    'https://tea.example.com?x=1'
  ]) {
    iat += 1
    lines.length = 0
    t.equal((await sendLifecycle(app, host, 'installed', { iat, body: { displayUrl } })).statusCode, 204)
    const policy = (await load(app, '/page')).headers['content-security-policy']
    t.strictSame(directive(policy, 'frame-ancestors'), [host.site().origin], displayUrl)
    t.notMatch(policy, /unsafe-inline|\*/)
    t.ok(
      lines.some((line) => line.includes('may not frame pages')),
      displayUrl
    )
  }
})

t.test(
  'scripts: those of the app, the host script, and inline ones with a nonce that is new for each page',
  async (t) => {
    const { app } = await installedApp(t)
    const pages = [await load(app, '/page'), await load(app, '/page')]
    const nonces = pages.map(({ body, headers }) => {
      const nonce = /nonce="([^"]+)"/.exec(body)?.[1] ?? ''
      t.match(nonce, /^[A-Za-z0-9+/]{22}==$/)
      t.strictSame(directive(headers['content-security-policy'], 'script-src'), [
        "'self'",
        `'nonce-${nonce}'`,
        new URL(host.hostScriptUrl).origin
      ])
      return nonce
    })
    t.equal(new Set(nonces).size, 2)
  }
)

t.test('answers that a token opened are kept by nobody: no-store, no-referrer, nosniff', async (t) => {
  const { app } = await installedApp(t)
  for (const url of ['/page', '/json', '/panel']) {
    const { headers } = await load(app, url)
    t.equal(headers['cache-control'], 'no-store', url)
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.equal(headers['x-content-type-options'], 'nosniff')
  }
  t.equal((await load(app, '/json')).headers['content-security-policy'], undefined, 'a policy is for pages')
})

t.test('no answer of ours has X-Frame-Options or a cookie, even if another plugin set the first', async (t) => {
  const { app } = await installedApp(t, {
    routes: (app) => {
      app.addHook('onRequest', async (_request, reply) => void reply.header('x-frame-options', 'DENY'))
      routes(app)
    }
  })
  for (const url of ['/page', '/json']) {
    const { headers } = await load(app, url)
    t.equal(headers['x-frame-options'], undefined)
    t.equal(headers['set-cookie'], undefined)
  }
})

t.test('a public page gets none of it: it belongs to no tenant', async (t) => {
  const { app } = await installedApp(t)
  const { headers } = await app.inject('/open')
  for (const name of ['content-security-policy', 'referrer-policy', 'cache-control']) t.equal(headers[name], undefined)
})

t.test('what the app sets itself stays', async (t) => {
  const { app } = await installedApp(t)
  const { headers } = await load(app, '/own')
  t.equal(headers['content-security-policy'], "default-src 'self'")
  t.equal(headers['cache-control'], 'private')
  t.equal(headers['referrer-policy'], 'no-referrer')
})
