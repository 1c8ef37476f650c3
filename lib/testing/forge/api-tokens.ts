import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Site } from '../site.ts'
import type { SimulatedUser } from '../types.ts'
import type { Installation } from './installations.ts'

/** What a token lets the app do. */
export interface ApiGrant {
  readonly kind: 'system' | 'user' | 'offline'
  readonly installation: Installation
  /** Who acts; null is the app. */
  readonly user: SimulatedUser | null
  /** The sites that it reaches. */
  readonly sites: readonly Site[]
  readonly expiresAtMs: number
}

export interface ApiTokens {
  /** The same one until less than two hours are left. */
  system(installation: Installation): Promise<string>
  user(installation: Installation, user: SimulatedUser): Promise<string>
  /** A new one for an absent user, on one site. */
  offline(installation: Installation, site: Site, user: SimulatedUser): Promise<{ token: string; ttl: number }>
  /** What this token lets the app do now; null: nothing. */
  find(token: string): ApiGrant | null
  revoke(installation: Installation): void
}

const HOUR_MS = 3_600_000
const LIFETIME_MS = 4 * HOUR_MS
const LEFT_MS = 2 * HOUR_MS
const OFFLINE_MS = HOUR_MS

/** API tokens look like JWT, as in life: an app may read `exp`, and nothing else of them. */
export function createApiTokens(clock: () => number): ApiTokens {
  const secret = randomBytes(32)
  const grants = new Map<string, ApiGrant>()
  /** The newest token of an installation, by account id; the app has none. */
  const newest = new Map<Installation, Map<string, string>>()

  async function issue(grant: ApiGrant, nowMs: number): Promise<string> {
    const token = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(Math.floor(grant.expiresAtMs / 1000))
      .sign(secret)
    grants.set(token, grant)
    return token
  }

  async function current(installation: Installation, user: SimulatedUser | null): Promise<string> {
    const now = clock()
    const kind = user === null ? 'system' : 'user'
    const own = newest.get(installation) ?? new Map<string, string>()
    const known = own.get(user?.accountId ?? '')
    const grant = known === undefined ? undefined : grants.get(known)
    if (known !== undefined && grant !== undefined && grant.expiresAtMs - now >= LEFT_MS) return known
    const expiresAtMs = now + LIFETIME_MS
    const token = await issue({ kind, installation, user, sites: installation.sites, expiresAtMs }, now)
    newest.set(installation, own.set(user?.accountId ?? '', token))
    return token
  }

  return {
    system: (installation) => current(installation, null),
    user: current,
    async offline(installation, site, user) {
      const now = clock()
      const grant = { kind: 'offline', installation, user, sites: [site], expiresAtMs: now + OFFLINE_MS } as const
      return { token: await issue(grant, now), ttl: OFFLINE_MS / 1000 }
    },
    find(token) {
      const grant = grants.get(token)
      return grant?.installation.alive && clock() < grant.expiresAtMs ? grant : null
    },
    revoke(installation) {
      for (const [token, grant] of grants) if (grant.installation === installation) grants.delete(token)
    }
  }
}
