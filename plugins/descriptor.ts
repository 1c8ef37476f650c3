import { hash } from 'node:crypto'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { type Descriptor, serializeDescriptor } from '../lib/descriptor/index.ts'
import type { ServedDescriptor } from './watch-descriptor.ts'

/** Serves the descriptor at `{baseUrl}/atlassian-connect.json`, to anyone. */
export const descriptorPlugin = fp<{ core: ConnectApp; served?: ServedDescriptor }>(
  async (app, { core, served = { current: core.descriptor } }) => {
    let answer = answerOf(served.current)
    for (const mountPath of core.options.mountPaths) {
      app.get(`${mountPath}/atlassian-connect.json`, { config: { atlassian: { auth: 'none' } } }, (request, reply) => {
        if (answer.descriptor !== served.current) answer = answerOf(served.current)
        const { body, etag } = answer
        reply.header('etag', etag).header('cache-control', 'no-cache').header('x-content-type-options', 'nosniff')
        if (isHeld(request.headers['if-none-match'], etag)) return reply.code(304).send()
        return reply.type('application/json; charset=utf-8').send(body)
      })
    }
  },
  { name: 'fastify-atlassian/descriptor', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

function answerOf(descriptor: Descriptor) {
  const body = serializeDescriptor(descriptor)
  return { descriptor, body, etag: `"${hash('sha256', body, 'hex').slice(0, 32)}"` }
}

/** Whether a caller has this version already (RFC 9110, 13.1.2): a list of validators, weak ones too, or `*`. */
function isHeld(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((item) => ['*', etag, `W/${etag}`].includes(item.trim()))
}
