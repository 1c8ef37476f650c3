import { createConnectApp, resolveOptions } from 'fastify-atlassian/core'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import { silentLog } from '../../lib/ports.ts'

/** One process of an app, told by the environment, that asks for user tokens when its parent says so. */
const { DATABASE = '', OPTIONS = '{}' } = process.env
const descriptor = {
  key: 'team-app',
  baseUrl: 'http://127.0.0.1:3999',
  authentication: { type: 'jwt' },
  scopes: ['READ', 'ACT_AS_USER']
}
const store = createKyselyTenantStore({
  appKey: descriptor.key,
  database: DATABASE,
  encryption: { keys: [{ id: 'test', key: Buffer.alloc(32, 7).toString('base64') }] }
})
await store.open()
const options = resolveOptions({ descriptor, baseUrl: descriptor.baseUrl, store, ...JSON.parse(OPTIONS) }, 'test')
const core = createConnectApp(options, descriptor, store, silentLog)

async function ask({ clientKey, accountId, times }: { clientKey: string; accountId: string; times: number }) {
  const tenant = await store.find({ clientKey })
  if (tenant === null || tenant.clientKey === null) return { error: 'no tenant' }
  const asking = Array.from({ length: times }, () => core.userTokens.get({ tenant, accountId }))
  return { tokens: (await Promise.all(asking)).map((token) => token.reveal()) }
}

process.on('message', (request: Parameters<typeof ask>[0]) => {
  ask(request)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.message : 'unknown' }))
    .then((result) => process.send?.(result))
})
process.on('disconnect', () => store.close().then(() => process.exit(0)))
process.send?.({ ready: true })
