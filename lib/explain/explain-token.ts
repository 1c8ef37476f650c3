import { explainHash, type HashExplanation } from './explain-hash.ts'
import { hasRequestHash, type PolicySetting, type PolicyVerdict, policyVerdicts } from './policy-verdicts.ts'
import { kindOf, kindWords, type SeenKind, type SeenToken } from './token-kind.ts'
import { type TokenTime, timesOf } from './token-times.ts'

/** What a token is and would open. It holds neither the token nor its signature. */
export interface Explanation {
  readonly kind: SeenKind
  readonly sentence: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly times: readonly TokenTime[]
  readonly signature: PolicySetting['signature']
  readonly policies: readonly PolicyVerdict[]
  /** `null` where there is no hash, or no request to compare it with. */
  readonly hash: HashExplanation | null
}

/** Says what can be said of a token without believing it. Never throws. */
export function explainToken(token: SeenToken, setting: Omit<PolicySetting, 'kind'>): Explanation {
  const kind = kindOf(token, setting.appKey)
  const { qsh } = token.claims
  const { request, basePaths } = setting
  return {
    kind,
    sentence: kindWords[kind],
    header: hidden(token.header),
    claims: hidden(token.claims),
    times: timesOf(token.claims, setting.nowMs / 1000),
    signature: setting.signature,
    policies: policyVerdicts(token, { ...setting, kind }),
    hash:
      request === null || typeof qsh !== 'string' || !hasRequestHash(token)
        ? null
        : explainHash(qsh, request, basePaths)
  }
}

/** A claim may hold a token of its own, or a key. */
function hidden(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(members, (name, value: unknown) => {
    if (/secret|password|token$/i.test(name) && typeof value === 'string') return '[hidden]'
    if (typeof value !== 'string') return value
    return value.replace(/\be[wy][A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)+/g, '[a token]')
  })
  const copy: unknown = JSON.parse(text)
  return typeof copy === 'object' && copy !== null ? { ...copy } : {}
}
