import type { IncomingMessage } from 'node:http'
import { authorizationValues, mediaType } from '../jwt/header-values.ts'
import type { SignedRequest } from '../ports.ts'

/** A form body that is parsed already, for requests that may bring their token in it. */
export interface FormOfRequest {
  readonly form?: Readonly<Record<string, unknown>> | undefined
}

/**
 * The request as it was signed, of `node:http`, Express, Koa (`ctx.req`) and everything else that hands out Node's own
 * object. Takes the address from `originalUrl` where a framework keeps it there, and every `Authorization` header.
 */
export function signedRequestFromNode(
  message: IncomingMessage & { readonly originalUrl?: string | undefined },
  { form }: FormOfRequest = {}
): SignedRequest {
  const { method = 'GET', originalUrl, url = '', headers } = message
  return {
    method,
    url: originalUrl ?? url,
    authorization: authorizationValues(message.rawHeaders, headers.authorization),
    contentType: mediaType(headers['content-type']),
    form
  }
}

/**
 * The same of the web's `Request`, as Hono (`c.req.raw`) and others hand it out. Several `Authorization` headers
 * arrive there as one with commas, which is refused.
 */
export function signedRequestFromFetch(request: Request, { form }: FormOfRequest = {}): SignedRequest {
  const authorization = request.headers.get('authorization')
  return {
    method: request.method,
    url: request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, ''),
    authorization: authorization === null ? [] : [authorization],
    contentType: mediaType(request.headers.get('content-type') ?? undefined),
    form
  }
}
