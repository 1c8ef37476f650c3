import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { attachFile } from '../host.ts'

/** Files that somebody attaches to an issue. They pass through as they come, and Jira names the user as their author. */
export async function fileRoutes(app: FastifyInstance): Promise<void> {
  // Nobody reads the file here: what the handler gets is the stream.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))

  app.post<{ Querystring: { name: string }; Body: Readable }>(
    '/api/files',
    {
      ...app.atlassian.protect(['context', 'session']),
      // Asked before the file comes. Jira asks once more when it gets it, for the same user.
      onRequest: app.atlassian.authorizeJira({ issue: ['CREATE_ATTACHMENTS'] }),
      schema: { querystring: fileName }
    },
    async (request, reply) => {
      const issueId = request.authorized?.issueId ?? ''
      const asUser = request.hostClient().asUser()
      await attachFile(asUser, issueId, { stream: request.body, filename: request.query.name })
      return reply.code(201).send({ attached: request.query.name })
    }
  )
}

const fileName = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 200, pattern: '^[^\\p{Cc}/\\\\]+$' } }
}
