import type { FastifyRequest } from 'fastify'
import type { VerifiedConnect } from '../lib/jwt/verify-connect.ts'
import type { UnverifiedInstallToken, VerifiedInstall } from '../lib/jwt/verify-install.ts'
import type { ConnectTenantWithSettings } from '../lib/tenant/tenant-settings.ts'

/** What the plugins know about one request. Reached only through the decorators. */
export interface RequestState {
  /** The app that decides about this request: one server may hold several. */
  readonly owner: object
  /** `waiting`: the body has to be parsed first. Nothing but `verified` opens a protected route. */
  readonly stage: 'waiting' | 'verified'
  readonly connect: VerifiedConnect | null
  readonly tenant: ConnectTenantWithSettings | null
  readonly install: VerifiedInstall | null
  readonly installToken: UnverifiedInstallToken | null
}

export const requestState = Symbol('fastify-atlassian request')

declare module 'fastify' {
  interface FastifyRequest {
    [requestState]: RequestState | null
  }
}

/** The state of a request whose body has to be parsed first. */
export function waitingFor(owner: object): RequestState {
  return Object.freeze({ owner, stage: 'waiting', connect: null, tenant: null, install: null, installToken: null })
}

/** Whether the request was verified; `false` on public routes and outside of our scope. */
export function isVerified(request: FastifyRequest): boolean {
  return request[requestState]?.stage === 'verified'
}
