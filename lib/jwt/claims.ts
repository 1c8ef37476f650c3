import { AuthenticationError } from '../errors.ts'

/** What a product says about where the user is. Ids are strings here and numbers in REST (connect.md 3.4). */
export interface ProductContext {
  readonly jira?: {
    readonly project?: { readonly id?: string; readonly key?: string }
    readonly issue?: { readonly id?: string; readonly key?: string }
    readonly [name: string]: unknown
  }
  readonly confluence?: {
    readonly content?: { readonly id?: string; readonly type?: string; readonly version?: string }
    readonly space?: { readonly id?: string; readonly key?: string }
    readonly [name: string]: unknown
  }
  readonly [name: string]: unknown
}

/** Claims that passed a check of their shape, not of their truth. */
export interface ConnectClaims {
  readonly iss: string
  readonly aud: readonly string[]
  /** Account id; `null` for an anonymous visitor. */
  readonly sub: string | null
  readonly qsh: string | null
  readonly iat: number
  readonly exp: number
  readonly nbf: number | null
  readonly context: ProductContext
}

export interface TimeRules {
  readonly leewaySeconds: number
  readonly maxLifetimeSeconds: number
}

/** Checks the shape of every claim that we read. Missing `iss`, `iat` or `exp` is a refusal. Throws AuthenticationError. */
export function parseConnectClaims(payload: Readonly<Record<string, unknown>>): ConnectClaims {
  return {
    iss: requiredText(payload, 'iss'),
    aud: audience(payload.aud),
    sub: optionalText(payload, 'sub'),
    qsh: optionalText(payload, 'qsh'),
    iat: requiredNumber(payload, 'iat'),
    exp: requiredNumber(payload, 'exp'),
    nbf: payload.nbf === undefined ? null : requiredNumber(payload, 'nbf'),
    context: productContext(payload.context)
  }
}

/** Throws AuthenticationError unless now lies within the life of the token and that life is no longer than allowed. */
export function checkTimes(claims: ConnectClaims, nowSeconds: number, rules: TimeRules): void {
  // A clock that gives no number would find nothing expired.
  if (!(nowSeconds <= claims.exp + rules.leewaySeconds)) throw new AuthenticationError('expired')
  if (claims.iat > nowSeconds + rules.leewaySeconds) throw new AuthenticationError('issued-in-the-future')
  if (claims.nbf !== null && claims.nbf > nowSeconds + rules.leewaySeconds)
    throw new AuthenticationError('not-yet-valid')
  if (claims.exp - claims.iat > rules.maxLifetimeSeconds) throw new AuthenticationError('lifetime-too-long')
}

function requiredText(payload: Readonly<Record<string, unknown>>, name: string): string {
  const value = optionalText(payload, name)
  if (value === null) throw new AuthenticationError('claim-missing', { claim: name })
  return value
}

function optionalText(payload: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = payload[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string' || value.length > 1024 || !value.isWellFormed()) {
    throw new AuthenticationError('claim-shape', { claim: name })
  }
  return value
}

function requiredNumber(payload: Readonly<Record<string, unknown>>, name: string): number {
  const value = payload[name]
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new AuthenticationError('claim-shape', { claim: name })
  }
  return value
}

const NO_AUDIENCE: readonly string[] = Object.freeze([])

function audience(value: unknown): readonly string[] {
  if (value === undefined || value === null) return NO_AUDIENCE
  const list = Array.isArray(value) ? value : [value]
  if (list.length > 20 || !list.every((item) => typeof item === 'string')) {
    throw new AuthenticationError('claim-shape', { claim: 'aud' })
  }
  return list
}

const NO_CONTEXT: ProductContext = Object.freeze({})

function productContext(value: unknown): ProductContext {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NO_CONTEXT
  return deepFreeze(value as ProductContext)
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member)
  }
  return Object.freeze(value)
}
