import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { readTrace, type TraceHeaders, traceFields } from '../lib/forge/trace.ts'

/** Puts the trace of a Forge call into every line that its log gets from now on. */
export const tracePlugin = fp(
  async (app) => {
    app.addHook('onRequest', function continueTrace(request, reply, done) {
      const fields = traceFields(traceOf(request))
      if (fields !== null) {
        const log = request.log.child(fields)
        request.log = log
        reply.log = log
      }
      done()
    })
  },
  { name: 'fastify-atlassian/trace', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** The headers that continue the trace of a verified Forge call; none for other requests. */
export function traceOf(request: FastifyRequest): TraceHeaders {
  return request.forge === null ? NONE : readTrace(request.headers)
}

const NONE: TraceHeaders = Object.freeze({})
