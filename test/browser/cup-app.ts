import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, requireTenant } from 'fastify-atlassian'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'

export interface CupScene {
  readonly host: HostSimulator
  readonly app: FastifyInstance
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
  app.post('/api/cups', app.atlassian.protect(['context', 'forge']), async (request) => {
    const { tenantId } = requireTenant(request)
    cups.set(tenantId, (cups.get(tenantId) ?? 0) + 1)
    return { cups: cups.get(tenantId) }
  })
  const isPublic = app.atlassian.protect('none')
  const page = (script: string) =>
    `<!doctype html><title>Cups</title><button id="pour">Pour</button><p id="cups"></p>${script}`
  app.get('/connect-page', isPublic, async (_request, reply) =>
    reply.type('text/html').send(
      page(`<script src="${host.hostScriptUrl}"></script><script type="module">
        document.getElementById('pour').onclick = async () => {
          const headers = { authorization: 'JWT ' + await AP.context.getToken() }
          const answer = await fetch('/api/cups', { method: 'POST', headers })
          document.getElementById('cups').textContent = (await answer.json()).cups + ' cups over Connect'
        }</script>`)
    )
  )
  app.get('/forge-page', isPublic, async (_request, reply) =>
    reply.type('text/html').send(
      page(`<script type="module">
        import { invokeRemote } from '${host.url}/forge-bridge.js'
        document.getElementById('pour').onclick = async () => {
          const { body } = await invokeRemote({ path: '/api/cups', method: 'POST' })
          document.getElementById('cups').textContent = body.cups + ' cups over Forge'
        }</script>`)
    )
  )
  await host.install(await app.listen({ port: 0, host: '127.0.0.1' }))
  return {
    host,
    app,
    async close() {
      await app.close()
      await host.close()
    }
  }
}
