import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { refuse, useErrorHandlerOfApp } from './refuse.ts'
import { requireForge } from './require-atlassian.ts'

/** The route for the endpoint of an hourly scheduled trigger: what its call is good for is the system token in it. */
export const forgeKeepAlivePlugin = fp<{ core: ConnectApp; path: string }>(
  async (app, { core, path }) => {
    await app.register(async (scope) => {
      // What the body says is not read, whatever it is.
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined))
      for (const mountPath of core.options.mountPaths) {
        const config = { atlassian: { auth: 'forge', forge: { principal: 'forbidden' } } } as const
        scope.post(`${mountPath}${path}`, { config, errorHandler: useErrorHandlerOfApp }, async (request, reply) => {
          try {
            const { tenant, forge } = requireForge(request)
            await core.forgeHost?.keepAlive(tenant, forge)
          } catch (error) {
            refuse(request, reply, error, core.options.errorPage, (failure) => {
              throw failure
            })
            return reply
          }
          return reply.code(204).send()
        })
      }
    })
  },
  { name: 'fastify-atlassian/forge-keep-alive', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)
