import Fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'

/** One node of a team of processes: an app on the database of its parent, told by the environment, told apart by its port. */
const { DATABASE, OPTIONS = '{}', FRESH_MS = '60000' } = process.env
const app = Fastify({ logger: { level: 'error' } })
await app.register(connectPlugin, {
  descriptor: {
    key: 'team-app',
    name: 'Team',
    baseUrl: '{{localBaseUrl}}',
    authentication: { type: 'jwt' },
    lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
    modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }] }
  },
  baseUrl: 'http://127.0.0.1:3999',
  store: DATABASE ?? '',
  encryption: { keys: [{ id: 'test', key: Buffer.alloc(32, 7).toString('base64') }] },
  tenantFreshMs: Number(FRESH_MS),
  tokens: { previousSecretSeconds: 0 },
  ...(process.env.POLL === undefined ? {} : { coherence: 'poll' as const }),
  ...JSON.parse(OPTIONS)
})
app.get('/page', (request) => ({ tenant: request.tenant?.clientKey ?? null }))
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ address })
// The parent's end is this node's end, whatever the parent died of.
process.on('disconnect', () => app.close().then(() => process.exit(0)))
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
