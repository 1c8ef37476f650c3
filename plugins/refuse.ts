import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AtlassianError, errorTable } from '../lib/errors.ts'
import type { ResolvedOptions } from '../lib/options.ts'
import { requestState } from './request-state.ts'

const RETRY_AFTER_SECONDS = 5

/**
 * Ends a request that may not go on: the precise reason to our log, one public sentence to the caller (a small page
 * for browsers, your template, JSON for the rest), or the error itself to the app's error handler where `errorPage`
 * is false. `pass` hands an error to Fastify.
 */
export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  errorPage: ResolvedOptions['errorPage'],
  pass: (error: Error) => void
): void {
  if (!(error instanceof AtlassianError)) {
    pass(error instanceof Error ? error : new Error('unknown failure'))
    return
  }
  logRefusal(request, error)
  reply.header('cache-control', 'no-store')
  const isForge = request[requestState]?.isForge === true
  if (error.statusCode === 401) reply.header('www-authenticate', isForge ? 'Bearer' : 'JWT')
  if (error.statusCode === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (errorPage === false && !isForge) {
    pass(error)
    return
  }
  const { statusCode, code } = error
  // The sentence of the table: a start-up error that happens late has one for the developer.
  const message = errorTable[code][1]
  reply.code(statusCode)
  // A remote answers with JSON, whatever the caller accepts.
  if (isForge || !wantsHtml(request)) {
    reply.send({ statusCode, code, error: statusName(statusCode), message })
    return
  }
  reply.header('x-content-type-options', 'nosniff')
  if (!errorPage || !canRender(reply)) {
    sendSmallPage(reply, statusCode, code, message)
    return
  }
  reply.viewAsync(errorPage.template, { ...errorPage.data, statusCode, code, message }).then(
    (html) => reply.type('text/html; charset=utf-8').send(html),
    (failure: unknown) => {
      // What is wrong with the template is for our log; its message would tell a stranger our paths.
      request.log.error({ reason: failure instanceof Error ? failure.message : 'unknown' }, 'error page failed')
      sendSmallPage(reply, statusCode, code, message)
    }
  )
}

interface RenderingReply {
  viewAsync(template: string, data: object): Promise<string>
}

function canRender(reply: FastifyReply): reply is FastifyReply & RenderingReply {
  return 'viewAsync' in reply && typeof reply.viewAsync === 'function'
}

function sendSmallPage(reply: FastifyReply, statusCode: number, code: string, message: string): void {
  reply
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    .type('text/html; charset=utf-8')
    .send(smallPage(statusCode, code, message))
}

/**
 * The error handler of our own routes: the app's, as it is when the error happens. Fastify fixes a route's handler when
 * its plugin is loaded, and an app may set its own after that.
 */
export function useErrorHandlerOfApp(error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown {
  return request.server.errorHandler(error, request, reply)
}

function logRefusal(request: FastifyRequest, error: AtlassianError): void {
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  const details = {
    code: error.code,
    reason: error.reason,
    ...error.details,
    ...(cause === undefined ? {} : { cause })
  }
  if (error.statusCode >= 500) request.log.error(details, 'request refused')
  else request.log.info(details, 'request refused')
}

/** Browsers name HTML when they open a page; scripts that call an API do not. */
function wantsHtml(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') ?? false
}

export function statusName(status: number): string {
  const names: Readonly<Record<number, string>> = {
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    409: 'Conflict',
    502: 'Bad Gateway',
    503: 'Service Unavailable',
    504: 'Gateway Timeout'
  }
  return names[status] ?? 'Internal Server Error'
}

// All three values come from our own table of errors, so nothing in it needs escaping.
function smallPage(statusCode: number, code: string, message: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${statusCode}</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:0 1rem;color:#172b4d}
code{color:#5e6c84}</style><main><h1>This page cannot be shown</h1><p>${message}</p><p><code>${code}</code></p></main></html>`
}
