import type { Secret } from '../secret.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import { type HostTarget, isForgeTarget } from './host-target.ts'
import type { UserTokens } from './user-tokens.ts'

/** Who a client acts as. */
export type Actor =
  | { readonly type: 'app' }
  | { readonly type: 'anonymous' }
  | {
      readonly type: 'user'
      readonly accountId: string
      readonly scopes?: readonly string[]
      /** Said by the caller: as this user although it may not be the one who sent the request. */
      readonly impersonate?: true
    }

/** What goes into the `Authorization` header of one try. */
export interface Credentials {
  /** `null`: none is sent. */
  readonly authorization: string | null
  /** The host refused the token, so it is forgotten. Tells whether another one may be tried. */
  readonly refused?: () => Promise<boolean>
}

export type CredentialsFor = (
  actor: Actor,
  target: HostTarget,
  method: string,
  url: URL
) => Credentials | Promise<Credentials>

const NONE: Credentials = Object.freeze({ authorization: null })

export interface CredentialSources {
  /** The `Authorization` header of the app for exactly this call. */
  readonly sign: (tenant: ConnectTenant, method: string, url: URL) => string
  readonly userTokens: UserTokens
  /** Told when a host answered 401 to what the app signed as itself. */
  readonly appRefused?: ((tenant: ConnectTenant) => void) | undefined
  /** Given where the app is known by an access token of each tenant instead of a signature on each call. */
  readonly appTokens?: AppTokens | undefined
}

/** Access tokens that act as the app. */
export interface AppTokens {
  get(tenant: ConnectTenant): Promise<Secret>
  /** The host refused this token. */
  drop(tenant: ConnectTenant, token: Secret): Promise<void>
}

/** Gives each actor its own credentials and never those of another. */
export function createCredentials({ sign, userTokens, appRefused, appTokens }: CredentialSources): CredentialsFor {
  async function asUser(tenant: ConnectTenant, accountId: string, scopes?: readonly string[]): Promise<Credentials> {
    const request = scopes === undefined ? { tenant, accountId } : { tenant, accountId, scopes }
    return bearer(await userTokens.get(request), (token) => userTokens.drop(request, token))
  }

  function asApp(tenant: ConnectTenant, method: string, url: URL): Credentials {
    const authorization = sign(tenant, method, url)
    if (appRefused === undefined) return { authorization }
    return {
      authorization,
      refused: async () => {
        appRefused(tenant)
        return false
      }
    }
  }

  return (actor, target, method, url) => {
    if (actor.type === 'anonymous') return NONE
    if (isForgeTarget(target)) return target.credentials(actor)
    if (actor.type === 'user') return asUser(target, actor.accountId, actor.scopes)
    if (appTokens === undefined) return asApp(target, method, url)
    return appTokens.get(target).then((token) => bearer(token, (refused) => appTokens.drop(target, refused)))
  }
}

function bearer(token: Secret, drop: (token: Secret) => Promise<void>): Credentials {
  return {
    authorization: `Bearer ${token.reveal()}`,
    // A store that fails must not hide the answer of the host, which is what the caller has to see.
    refused: async () => {
      await drop(token).catch(() => {})
      return true
    }
  }
}
