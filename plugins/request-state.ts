import type { FastifyRequest } from 'fastify'
import type { ForgeInvocation } from '../lib/forge/forge-authenticator.ts'
import type { PendingInstall } from '../lib/jwt/installs.ts'
import type { VerifiedConnect } from '../lib/jwt/verify-connect.ts'
import type { VerifiedInstall } from '../lib/jwt/verify-install.ts'
import type { TenantWithSettings } from '../lib/tenant/tenant-settings.ts'

/** What the plugins know about one request. Reached only through the decorators. */
export interface RequestState {
  /** The app that decides about this request: one server may hold several. */
  readonly owner: object
  /** `waiting`: the body has to be parsed first. Nothing but `verified` opens a protected route. */
  readonly stage: 'waiting' | 'verified'
  readonly connect: VerifiedConnect | null
  readonly forge: ForgeInvocation | null
  /** Whether the call came by Forge, verified or not: its answers obey the contract of remotes (forge.md 1.4). */
  readonly isForge: boolean
  readonly tenant: TenantWithSettings | null
  readonly install: VerifiedInstall | null
  /** A life-cycle call that waits for its body. */
  readonly installToken: PendingInstall | null
}

export const requestState = Symbol('fastify-atlassian request')

declare module 'fastify' {
  interface FastifyRequest {
    [requestState]: RequestState | null
  }
}

/** The state of a request that is not decided: its body has to be parsed first, or its Forge token verified. */
export function waitingFor(owner: object, isForge = false): RequestState {
  return Object.freeze({
    owner,
    stage: 'waiting',
    connect: null,
    forge: null,
    isForge,
    tenant: null,
    install: null,
    installToken: null
  })
}

/** Whether the request was verified; `false` on public routes and outside of our scope. */
export function isVerified(request: FastifyRequest): boolean {
  return request[requestState]?.stage === 'verified'
}
