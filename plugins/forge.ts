import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { errorTable } from '../lib/errors.ts'
import type { ForgeApp } from '../lib/forge/forge-app.ts'
import type { ForgeHost } from '../lib/forge/forge-host.ts'
import { statusName } from './refuse.ts'
import { requestState } from './request-state.ts'

const JSON_TYPE = /^application\/json\b/i
const PROBLEM_TYPE = /^application\/[\w.-]+\+json\b/i

/**
 * Fetches the keys when the server is ready, and keeps answers to Forge calls inside the contract of remotes
 * (forge.md 1.4): what an error handler of the app made of a failure becomes JSON, and its 401 a 403.
 */
export const forgePlugin = fp<{ forge: ForgeApp; host: ForgeHost | null }>(
  async (app, { forge, host }) => {
    app.addHook('onReady', async () => {
      // Nobody waits for it: a key server that is down must not keep the app from starting.
      forge.prefetchKeys()
    })

    app.addHook('onResponse', function afterAnswer(request, _reply, done) {
      const state = request[requestState]
      // Nobody waits for it either.
      if (state?.forge && state.tenant && state.stage === 'verified') host?.answered(state.tenant, state.forge)
      done()
    })

    app.addHook('onSend', function answerRemote(request, reply, payload, done) {
      const state = request[requestState]
      if (reply.statusCode < 400 || state?.isForge !== true) return done(null, payload)
      if (state.stage === 'verified' && reply.statusCode === 401) {
        // To the host a 401 says that the token was refused, and it was not.
        request.log.warn({}, 'a handler answered 401 to a Forge call, which means a refused token there: sent as 403')
        const [statusCode, message] = errorTable.ATL_FORBIDDEN
        reply.code(statusCode)
        return done(null, asJson(reply, payload, { statusCode, code: 'ATL_FORBIDDEN', message }))
      }
      const type = String(reply.getHeader('content-type') ?? '')
      if (JSON_TYPE.test(type) && !isEmpty(payload)) return done(null, payload)
      if (PROBLEM_TYPE.test(type) && !isEmpty(payload)) {
        reply.type('application/json')
        return done(null, payload)
      }
      const { statusCode } = reply
      done(null, asJson(reply, payload, { statusCode, message: statusName(statusCode) }))
    })
  },
  { name: 'fastify-atlassian/forge', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

interface AnswerBody {
  readonly statusCode: number
  readonly code?: string
  readonly message: string
}

/** The text that takes the place of an answer; headers that spoke of the former go with it. */
function asJson(reply: FastifyReply, replaced: unknown, body: AnswerBody): string {
  endStream(replaced)
  for (const name of ['content-length', 'content-encoding', 'etag']) reply.removeHeader(name)
  reply.type('application/json')
  return JSON.stringify({ ...body, error: statusName(body.statusCode) })
}

function isEmpty(payload: unknown): boolean {
  return payload === undefined || payload === null || payload === ''
}

/** Nobody reads it any more. */
function endStream(payload: unknown): void {
  if (payload instanceof Readable) payload.destroy()
  if (payload instanceof ReadableStream) payload.cancel().catch(() => {})
}
