import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import type { FastifyAtlassian } from './types.ts'

/** Offers `fastify.atlassian`, starts the inbox when the server is ready, and ends inbox, connections and store with it. */
export const tenantsPlugin = fp<{ core: ConnectApp; api: FastifyAtlassian }>(
  async (app, { core, api }) => {
    app.decorate('atlassian', api)
    app.addHook('onReady', async () => {
      await core.store.watch?.(core.directory.changes)
      core.dispatcher.start()
    })
    app.addHook('onClose', async () => {
      await core.dispatcher.stop()
      await core.closeConnections()
      await core.store.close()
    })
  },
  { name: 'fastify-atlassian/tenants', fastify: '5.x' }
)
