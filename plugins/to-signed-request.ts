import type { FastifyRequest } from 'fastify'
import type { ForgeCall } from '../lib/forge/forge-authenticator.ts'
import type { SignedRequest } from '../lib/ports.ts'

/** The request as the host signed it: before `rewriteUrl`, before schemas, with every Authorization header. */
export function toSignedRequest(request: FastifyRequest): SignedRequest {
  return {
    method: request.method,
    url: request.originalUrl,
    authorization: authorizationHeaders(request),
    contentType: mediaType(request.headers['content-type']),
    form: undefined
  }
}

/** The same once the body is parsed; a body that is no object of fields counts as an empty form. */
export function withForm(request: FastifyRequest): SignedRequest {
  const { body } = request
  const isFields = typeof body === 'object' && body !== null && !Array.isArray(body)
  return { ...toSignedRequest(request), form: isFields ? (body as Record<string, unknown>) : {} }
}

/** A call of Forge as it arrived, with the two headers that carry API tokens. */
export function toForgeCall(request: FastifyRequest): ForgeCall {
  const { headers } = request
  return {
    url: request.originalUrl,
    authorization: authorizationHeaders(request),
    systemToken: headers['x-forge-oauth-system']?.toString(),
    userToken: headers['x-forge-oauth-user']?.toString()
  }
}

const NONE: readonly string[] = Object.freeze([])

// Node keeps the first of several Authorization headers and hides the others, so the raw list is read.
export function authorizationHeaders(request: FastifyRequest): readonly string[] {
  const merged = request.headers.authorization
  if (merged === undefined) return NONE
  const { rawHeaders } = request.raw
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 13 && name.toLowerCase() === 'authorization') values.push(rawHeaders[i + 1] ?? '')
  }
  return values.length > 0 ? values : [merged]
}

function mediaType(header: string | undefined): string | undefined {
  return header?.split(';', 1)[0]?.trim().toLowerCase()
}
