import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, redactingLogger } from 'fastify-atlassian'
import t, { type Test } from 'tap'

const open = { config: { atlassian: { auth: 'none' as const } } }

async function appWith(t: Test, url: string, routes: (app: FastifyInstance) => void) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: {
      key: 'app',
      name: 'App',
      authentication: { type: 'jwt' },
      lifecycle: { installed: '/installed' },
      modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url }] }
    },
    baseUrl: 'https://app.example.com',
    store: ':memory:'
  })
  routes(app)
  await app.ready()
}

t.test('the route that is checked is the one that the router would choose', async (t) => {
  await t.resolves(
    appWith(t, '/page/view', (app) => {
      app.get('/:a/view', open, async () => 'open')
      app.get('/page/:b', async () => 'closed')
    })
  )
  await t.resolves(
    appWith(t, '/page/deep/er', (app) => {
      app.get('/*', open, async () => 'open')
      app.get('/page/*', async () => 'closed')
    })
  )
  await t.rejects(
    appWith(t, '/page/deep/er', (app) => {
      app.get('/*', async () => 'closed')
      app.get('/page/*', open, async () => 'open')
    }),
    { code: 'ATL_DESCRIPTOR', message: /Module "page"/ }
  )
})

t.test('in a scope with a prefix the own webhook route of the app wins as well', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(
    async (scope) => {
      await scope.register(connectPlugin, {
        descriptor: {
          key: 'app',
          name: 'App',
          authentication: { type: 'jwt' },
          lifecycle: { installed: '/installed' },
          modules: { webhooks: [{ event: 'jira:issue_updated', url: '/hook' }] }
        },
        baseUrl: 'https://app.example.com/x',
        mountPath: '',
        store: ':memory:'
      })
      scope.post('/hook', open, async () => 'own')
    },
    { prefix: '/x' }
  )
  t.equal((await app.inject({ method: 'POST', url: '/x/hook' })).body, 'own')
})

t.test('with the redacting logger not even the line about an unknown address holds the token', async (t) => {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const app = Fastify({ logger: { level: 'trace', stream, ...redactingLogger } })
  t.teardown(() => app.close())
  const token = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(43)}`
  for (const url of [`/nowhere?jwt=${token}`, `/nowhere/${token}`, `/%zz?jwt=${token}`]) await app.inject(url)
  t.ok(lines.some((line) => line.includes('not found')))
  t.notOk(lines.some((line) => line.includes('bbbbbbbb')))
})
