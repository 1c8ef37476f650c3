import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'

const REQUESTS = 1000

const descriptor = {
  key: 'bench-app',
  name: 'Bench',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
  modules: {}
}

async function buildApp(host: HostSimulator, cacheMs: number): Promise<FastifyInstance> {
  const app = Fastify()
  const options = { descriptor, baseUrl: 'https://app.example.com', store: ':memory:', environment: 'test' }
  await app.register(connectPlugin, { ...options, ...host.connectOptions(), authorization: { cacheMs } })
  const preHandler = app.atlassian.authorizeJira({ global: ['USER_PICKER'], project: ['BROWSE_PROJECTS'] })
  app.get('/plain', app.atlassian.protect('context'), async () => ({}))
  app.get('/authorized', { ...app.atlassian.protect('context'), preHandler }, async () => ({}))
  await app.ready()
  return app
}

/** One burst: all requests at once, spread over the users and issues that are given. */
async function burst(app: FastifyInstance, url: string, tokens: readonly string[]): Promise<number> {
  const started = performance.now()
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      app.inject({ url, headers: { authorization: `JWT ${tokens[index % tokens.length]}` } })
    )
  )
  const failed = answers.filter(({ statusCode }) => statusCode !== 200).length
  if (failed > 0) throw new Error(`${failed} requests were refused`)
  return performance.now() - started
}

async function measure(
  name: string,
  users: readonly string[],
  issues: readonly string[],
  cacheMs: number
): Promise<string[]> {
  const host = await createHostSimulator()
  const app = await buildApp(host, cacheMs)
  try {
    await host.install(app)
    const tokens: string[] = []
    for (const user of users) for (const issue of issues) tokens.push(await host.contextToken({ user, issue }))
    let lookups = 0
    host.onExchange(({ url }) => {
      if (url.endsWith('/permissions/check')) lookups += 1
    })
    await burst(app, '/plain', tokens)
    const plainMs = await burst(app, '/plain', tokens)
    const firstMs = await burst(app, '/authorized', tokens)
    const first = lookups
    const secondMs = await burst(app, '/authorized', tokens)
    const cells = [tokens.length, first, lookups - first, plainMs, firstMs, secondMs]
    return [name, ...cells.map((cell) => Math.round(cell).toLocaleString('en'))]
  } finally {
    await app.close()
    await host.close()
  }
}

/**
 * How many lookups a burst of a thousand authorized requests causes, and how long it takes beside the same burst
 * without authorization, as rows of a table.
 */
export async function measureLookups(): Promise<readonly (readonly string[])[]> {
  return [
    [`${REQUESTS} requests at once`, 'questions', 'lookups', 'once more', 'ms without', 'ms', 'ms once more'],
    await measure('one user, one issue', ['Bo'], ['TEA-1'], 5000),
    await measure('three users, three issues', ['Ada', 'Bo', 'Cleo'], ['TEA-1', 'TEA-2', 'TEA-3'], 5000),
    await measure('the same, cache off', ['Ada', 'Bo', 'Cleo'], ['TEA-1', 'TEA-2', 'TEA-3'], 0)
  ]
}
