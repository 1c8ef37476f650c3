import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { OptionError } from '../plugins/index.ts'
import type { AceHandler, AceRequest, AceResponse, AceRoute } from './types.ts'

type Done = (error?: Error) => void

/**
 * Declares a route as Express does: the last function is the handler, those before it are middlewares, in lists or not.
 * Throws OptionError for what no route can be made of.
 */
export function createRoute(app: FastifyInstance, method: HTTPMethods, isOurs: (hook: object) => boolean): AceRoute {
  return (path, ...given) => {
    const handlers: readonly AceHandler[] = given.flat()
    const handler = handlers.at(-1)
    const option = `addon.${method.toLowerCase()}("${path}")`
    for (const one of handlers) checkFunction(one, option)
    if (handler === undefined || isOurs(handler)) {
      throw new OptionError(option, undefined, 'its last argument has to be the handler of the route')
    }
    app.route({
      method,
      url: path,
      preHandler: handlers.slice(0, -1).map((one) => (isOurs(one) || one.length < 2 ? (one as never) : asHook(one))),
      handler: asHandler(handler)
    })
  }
}

function checkFunction(one: unknown, option: string): void {
  if (typeof one !== 'function') throw new OptionError(option, one, 'handlers and middlewares have to be functions')
  if (one.length > 3) {
    throw new OptionError(option, one, 'an error handler of Express goes to "app.setErrorHandler" of Fastify')
  }
}

/** A middleware of the app: it goes on when it calls `next`. Hooks that take the request alone are Fastify's, and stay what they are. */
function asHook(middleware: AceHandler) {
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    let isOver = false
    run(middleware, request, reply, (error) => {
      if (isOver) return
      isOver = true
      done(error)
    })
  }
}

/** As in Express, the answer is what the reply was told, now or later, and never what the handler returns. */
function asHandler(handler: AceHandler) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    run(handler, request, reply, (error) => {
      if (reply.sent) {
        if (error !== undefined) request.log.error({ reason: error.message }, 'a handler failed after its answer')
        return
      }
      // Not the handler of unknown addresses: its usual line in the log has the address with its token.
      reply.send(error ?? Object.assign(new Error('There is nothing here'), { statusCode: 404 }))
    })
  }
}

function run(handler: AceHandler, request: FastifyRequest, reply: FastifyReply, done: Done): void {
  const failed = (error: unknown): void => done(error instanceof Error ? error : new Error('unknown failure'))
  const next = (error?: unknown): void => {
    if (error === undefined || error === null) done()
    else failed(error)
  }
  try {
    const result = handler(request as AceRequest, reply as AceResponse, next)
    if (result instanceof Promise) result.catch(failed)
  } catch (error) {
    failed(error)
  }
}
