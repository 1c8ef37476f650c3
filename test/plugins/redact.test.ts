import Fastify from 'fastify'
import { connectPlugin, redactUrl, requestSerializer } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { BASE_URL, buildApp, testDescriptor } from '../helpers/app.ts'
import { installed } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjbGllbnQifQ.c2lnbmF0dXJl'

t.test('redactUrl takes tokens out of an address and leaves the rest as it is', async (t) => {
  for (const [url, clean] of [
    [`/panel?issue=A-1&jwt=${jwt}&lic=active`, '/panel?issue=A-1&jwt=[secret]&lic=active'],
    [`/panel?jwt=${jwt}`, '/panel?jwt=[secret]'],
    [`/panel?j%77t=${jwt}`, '/panel?j%77t=[secret]'],
    [
      `/panel?JWT=x&acpt=y&token=z&access_token=a&assertion=b`,
      '/panel?JWT=[secret]&acpt=[secret]&token=[secret]&access_token=[secret]&assertion=[secret]'
    ],
    [`/panel?jwt=not-a-token#top`, '/panel?jwt=[secret]#top'],
    [`/panel?other=${jwt}`, '/panel?other=[secret]'],
    [`/path/${jwt}/more`, '/path/[secret]/more'],
    ['/panel?myjwt=1&jwtx=2', '/panel?myjwt=1&jwtx=2'],
    ['/panel', '/panel'],
    ['', '']
  ] as const)
    t.equal(redactUrl(url), clean)
})

t.test('no line of a protected route holds a token, with the default serializers of the logger', async (t) => {
  const { app, lines } = await buildApp(t, { host })
  await installed(host, app)
  const token = await host.sign.pageToken({ url: '/panel' })
  const { body } = await host.callApp('/atlassian/session', { method: 'POST' })
  const session = JSON.parse(body).token
  await app.inject(`/panel?jwt=${token}`)
  await app.inject(`/session?jwt=${session}`)
  await app.inject(`/panel?jwt=${session}`)
  await app.inject({ url: '/api', headers: { authorization: `JWT ${token}` } })
  const log = lines.join('\n')
  t.match(log, /"url":"\/panel\?jwt=\[secret\]"/)
  t.notOk(log.includes(token))
  t.notOk(log.includes(session))
  t.notOk(log.includes(host.site().sharedSecret))
})

t.test('a serializer of the app’s own keeps its form, and its tokens are taken out', async (t) => {
  const { app, lines } = await buildApp(t, {
    host,
    serializers: {
      req: (request: { url: string; headers: Record<string, string> }) => ({
        where: request.url,
        headers: request.headers,
        own: true
      })
    }
  })
  await installed(host, app)
  const token = await host.sign.pageToken({ url: '/panel' })
  lines.length = 0
  await app.inject({ url: `/panel?jwt=${token}`, headers: { cookie: 'session=abc' } })
  await app.inject({ url: '/panel', headers: { authorization: `JWT ${token}` } })
  const log = lines.join('\n')
  t.match(log, /"own":true/)
  t.match(log, /"where":"\/panel\?jwt=\[secret\]"/)
  t.notOk(log.includes(token))
  t.notMatch(log, /session=abc/)
})

/** All lines of an app whose logger has our serializer. */
async function logOf(t: Test, url: string): Promise<string> {
  const lines: string[] = []
  const app = Fastify({
    logger: {
      stream: { write: (line: string) => void lines.push(line) },
      serializers: { req: requestSerializer }
    }
  })
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: testDescriptor(),
    baseUrl: BASE_URL,
    store: (appKey) => createMemoryTenantStore({ appKey }),
    environment: 'test',
    ...host.connectOptions()
  })
  app.get('/public', app.atlassian.protect('none'), async () => 'ok')
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('none'))
  await app.inject(url)
  return lines.join('\n')
}

t.test('with requestSerializer in the logger, public and unknown addresses are clean too', async (t) => {
  for (const url of ['/public', '/nowhere']) {
    const log = await logOf(t, `${url}?jwt=${jwt}`)
    t.match(log, /\?jwt=\[secret\]/)
    t.notOk(log.includes(jwt))
  }
})

t.test('a public route of our scope is clean without it', async (t) => {
  const { app, lines } = await buildApp(t, { host })
  lines.length = 0
  await app.inject(`/public?jwt=${jwt}`)
  t.match(lines.join(), /jwt=\[secret\]/)
  t.notOk(lines.join().includes(jwt))
})
