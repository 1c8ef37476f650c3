import { hash } from 'node:crypto'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { serializeDescriptor } from '../lib/descriptor/index.ts'

/** Serves the descriptor at `{baseUrl}/atlassian-connect.json`, to anyone, as it was when the app started. */
export const descriptorPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const body = serializeDescriptor(core.descriptor)
    const etag = `"${hash('sha256', body, 'hex').slice(0, 32)}"`
    for (const mountPath of core.options.mountPaths) {
      app.get(`${mountPath}/atlassian-connect.json`, { config: { atlassian: { auth: 'none' } } }, (request, reply) => {
        reply.header('etag', etag).header('cache-control', 'no-cache').header('x-content-type-options', 'nosniff')
        if (isHeld(request.headers['if-none-match'], etag)) return reply.code(304).send()
        return reply.type('application/json; charset=utf-8').send(body)
      })
    }
  },
  { name: 'fastify-atlassian/descriptor', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** Whether a caller has this version already (RFC 9110, 13.1.2): a list of validators, weak ones too, or `*`. */
function isHeld(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((item) => ['*', etag, `W/${etag}`].includes(item.trim()))
}
