import type { FastifyRequest } from 'fastify'
import type { ForgeCall } from '../lib/forge/forge-authenticator.ts'
import { authorizationValues, mediaType } from '../lib/jwt/header-values.ts'
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

export function authorizationHeaders(request: FastifyRequest): readonly string[] {
  return authorizationValues(request.raw.rawHeaders, request.headers.authorization)
}
