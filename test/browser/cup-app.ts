import { readFile } from 'node:fs/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, requireTenant } from 'fastify-atlassian'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'

export interface CupScene {
  readonly host: HostSimulator
  readonly app: FastifyInstance
  readonly baseUrl: string
  /** Every call of the API as method, path and status, in the order of the answers. */
  readonly answered: string[]
  close(): Promise<void>
}

const descriptor = {
  key: 'com.example.cups',
  name: 'Cups',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
  modules: {
    webPanels: [
      {
        key: 'cups-panel',
        name: { value: 'Cups' },
        location: 'atl.jira.view.issue.right.context',
        url: '/connect-page',
        cacheable: true
      }
    ]
  }
}

const manifest = {
  app: { connect: { key: 'com.example.cups' } },
  modules: {
    'jira:issuePanel': [{ key: 'cups', title: 'Cups', resolver: { endpoint: 'backend' } }],
    endpoint: [{ key: 'backend', remote: 'backend' }]
  }
}

/** One panel that counts cups for its tenant, as a Connect page and as a Forge front end over one route. */
export async function openCupScene(): Promise<CupScene> {
  const host = await createHostSimulator({ forge: { manifest, frontEnds: { cups: '/forge-page' } } })
  const app = Fastify()
  await app.register(connectPlugin, {
    descriptor,
    baseUrl: 'http://127.0.0.1',
    store: ':memory:',
    ...host.connectOptions(),
    forge: host.forge.connectOptions()
  })
  const cups = new Map<string, number>()
  const answered: string[] = []
  app.addHook('onResponse', async ({ method, url }, { statusCode }) => {
    if (url.startsWith('/api/')) answered.push(`${method} ${url} ${statusCode}`)
  })
  const open = { config: { atlassian: { auth: ['context', 'forge'], cors: true } } } as const
  app.post('/api/cups', open, async (request) => {
    const { tenantId } = requireTenant(request)
    cups.set(tenantId, (cups.get(tenantId) ?? 0) + 1)
    return { cups: cups.get(tenantId) }
  })
  app.post('/api/tables', app.atlassian.protect(['context', 'forge']), async () => ({ tables: 1 }))
  for (const name of ['connect-page', 'forge-page']) {
    const html = await readFile(new URL(`./${name}.html`, import.meta.url), 'utf8')
    app.get(`/${name}`, app.atlassian.protect('none'), async (_request, reply) =>
      reply.type('text/html').send(html.replace('{{host}}', host.url))
    )
  }
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  await host.install(baseUrl)
  return {
    host,
    app,
    baseUrl,
    answered,
    async close() {
      await app.close()
      await host.close()
    }
  }
}
