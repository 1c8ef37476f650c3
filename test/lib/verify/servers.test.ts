import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { serve } from '@hono/node-server'
import express from 'express'
import { signedRequestFromFetch, signedRequestFromNode } from 'fastify-atlassian/core'
import { createHostSimulator } from 'fastify-atlassian/testing'
import { Hono } from 'hono'
import t, { type Test } from 'tap'
import { answered, createCoreApp } from '../../helpers/core-app.ts'

type App = ReturnType<typeof createCoreApp>
type RouteName = keyof App['routes']
/** Starts a server for the app that `make` gives once the address is known. */
type Start = (t: Test, make: (baseUrl: string) => App) => Promise<string>

const isRoute = (app: App, name: string): name is RouteName => Object.hasOwn(app.routes, name)

const withNode: Start = async (t, make) => {
  let app: App
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const name = `${request.method} ${path}`
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (path === '/atlassian-connect.json') return send(200, app.descriptor)
    if (!isRoute(app, name)) return send(404, {})
    const body = request.headers['content-type']?.includes('json') ? await json(request) : undefined
    const { status, body: answer } = await answered(app.routes[name](signedRequestFromNode(request), body))
    return send(status, answer)
  })
  const baseUrl = await listen(t, server)
  app = make(baseUrl)
  return baseUrl
}

const withExpress: Start = async (t, make) => {
  let app: App
  const web = express()
  const router = express.Router()
  web.get('/atlassian-connect.json', (_, response) => void response.json(app.descriptor))
  // In a router that was mounted, `url` is not what the host signed.
  web.use('/', router)
  router.use(express.json())
  router.use(async (request, response) => {
    const name = `${request.method} ${request.path}`
    if (!isRoute(app, name)) return void response.status(404).json({})
    const { status, body } = await answered(app.routes[name](signedRequestFromNode(request), request.body))
    response.status(status).json(body)
  })
  const baseUrl = await listen(t, createServer(web))
  app = make(baseUrl)
  return baseUrl
}

const withHono: Start = async (t, make) => {
  let app: App
  const web = new Hono()
  web.get('/atlassian-connect.json', (context) => context.json(app.descriptor))
  web.all('*', async (context) => {
    const name = `${context.req.method} ${context.req.path}`
    if (!isRoute(app, name)) return context.json({}, 404)
    const body = context.req.header('content-type')?.includes('json') ? await context.req.json() : undefined
    const { status, body: answer } = await answered(app.routes[name](signedRequestFromFetch(context.req.raw), body))
    return Response.json(answer, { status })
  })
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: web.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  const baseUrl = addressOf(t, server)
  app = make(baseUrl)
  return baseUrl
}

for (const [name, start] of Object.entries({ 'node:http': withNode, Express: withExpress, Hono: withHono })) {
  t.test(`${name}: a site installs, opens pages, sends webhooks, uninstalls, and nobody else gets in`, async (t) => {
    const host = await createHostSimulator()
    t.teardown(() => host.close())
    let app: App | undefined
    const address = await start(t, (baseUrl) => {
      app = createCoreApp(host, baseUrl)
      return app
    })

    t.equal((await host.install(address)).status, 200)
    t.equal(app?.rows.size, 1)
    t.match((await host.install(address)).responseBody ?? '', /"update"/, 'a second time')

    const page = await host.openPage('panel', { issue: 'TEA-1' })
    t.equal(page.status, 200)
    t.match(JSON.parse(page.body), { user: /./, site: host.site('jira').baseUrl })
    t.equal((await host.sendWebhook('jira:issue_updated')).status, 200)

    const call = (path: string, init?: RequestInit) => fetch(`${address}${path}`, init).then(({ status }) => status)
    const bearing = (token: string) => ({ headers: { authorization: `JWT ${token}` } })
    const context = await host.sign.contextToken()
    const pageToken = await host.sign.pageToken({ url: '/panel?key=a%20b%2Bc&x=1&x=2' })
    t.equal(await call('/api', bearing(context)), 200)
    t.equal(await call('/api?any=thing', bearing(context)), 200, 'a context token is for no address')
    t.equal(await call(`/panel?key=a%20b%2Bc&x=1&x=2&jwt=${pageToken}`), 200)
    t.equal(await call('/panel?x=2&key=a+b%2Bc&x=1', bearing(pageToken)), 200, 'another spelling of the same')
    t.equal(await call(`/panel?key=other&jwt=${pageToken}`), 401)
    t.equal(await call('/panel'), 401)
    t.equal(await call('/panel', bearing(context)), 401)
    t.equal(await call('/api', bearing(pageToken)), 401)
    t.equal(await call(`/api?jwt=${context}`, bearing(context)), 401, 'two tokens')

    const post = (token: string | null, body: object) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `JWT ${token}` }) },
      body: JSON.stringify(body)
    })
    const { clientKey, baseUrl } = host.site('jira')
    const evil = {
      key: 'core-app',
      eventType: 'installed',
      clientKey,
      baseUrl,
      sharedSecret: 'evil',
      productType: 'jira'
    }
    t.equal(await call('/installed', post(null, evil)), 401, 'an unsigned install')
    t.equal(await call('/installed', post(null, { ...evil, clientKey: 'new' })), 401, 'an unsigned first install')
    const webhook = await host.sign.webhookToken({ url: '/installed' })
    t.equal(await call('/installed', post(webhook, evil)), 401, 'signed with the shared secret')

    t.equal((await host.uninstall()).status, 200)
    t.equal(app?.rows.size, 0)
    t.equal(await call('/api', bearing(context)), 401)
  })
}

t.test('several Authorization headers, which Node hides, are refused', async (t) => {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    response.end()
  })
  const baseUrl = await listen(t, server)
  const { request: send } = await import('node:http')
  await new Promise<void>((resolve) => {
    const headers = ['Host', 'x', 'Authorization', 'JWT one', 'AUTHORIZATION', 'JWT two']
    send(`${baseUrl}/panel`, { headers }, (response) => response.resume().on('end', () => resolve())).end()
  })
  const [message] = seen
  t.same(message && signedRequestFromNode(message).authorization, ['JWT one', 'JWT two'])
  const web = new Request('https://tea.example.com/a//b/%2e?x=1', {
    headers: [
      ['authorization', 'JWT one'],
      ['authorization', 'JWT two']
    ]
  })
  t.match(signedRequestFromFetch(web), { method: 'GET', authorization: ['JWT one, JWT two'] })
  t.notMatch(signedRequestFromFetch(web).url, /tea\.example/)
})

async function listen(t: Test, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return addressOf(t, server)
}

function addressOf(t: Test, server: Server): string {
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}
