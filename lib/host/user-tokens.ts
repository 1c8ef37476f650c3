import type { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

/** Whose token, and what it may do. */
export interface UserTokenRequest {
  /** The site, as the Connect registration that signs the assertion sees it. */
  readonly tenant: ConnectTenant
  /** Atlassian account id of the user. */
  readonly accountId: string
  /** Scopes in the host's words; none = those of the app's descriptor. */
  readonly scopes?: readonly string[]
}

/** Access tokens with which the app acts as a user (connect.md 5.2). */
export interface UserTokens {
  /** A token that is still good for some seconds, from memory, the store or the authorization server. */
  get(request: UserTokenRequest): Promise<Secret>
  /** The host refused this token: it is forgotten everywhere, unless a newer one has taken its place. */
  drop(request: UserTokenRequest, token: Secret): Promise<void>
  /** Forgets every token of this tenant: it was installed, rotated or uninstalled. */
  forget(tenantId: string): Promise<void>
}
