import type { TokenPlace } from './extract-token.ts'

/** What a route demands (house word: policy). `none` is public. */
export const policies = ['page', 'context', 'session', 'webhook', 'lifecycle', 'forge', 'none'] as const
/** One demand of a route. */
export type Policy = (typeof policies)[number]

/** Kinds of token that may stand beside each other in a list on one route. */
export const listablePolicies = ['page', 'context', 'session', 'forge'] as const
/** A policy that may stand in a list. */
export type ListablePolicy = (typeof listablePolicies)[number]

/** One policy, or several kinds of token of which the request brings exactly one. */
export type PolicyOption = Policy | readonly ListablePolicy[]

/** What a verified token was. */
export type TokenKind = 'page' | 'context' | 'session' | 'webhook' | 'lifecycle'

/** Where each kind may be carried. Anything else is refused (connect.md 3.3). */
export const tokenPlaces: Readonly<Record<TokenKind, readonly TokenPlace[]>> = Object.freeze({
  page: ['query', 'form', 'header'],
  context: ['header', 'query'],
  session: ['header', 'query'],
  webhook: ['header'],
  lifecycle: ['header']
})

/** The kinds of Connect token that a policy accepts, in the order they were listed; empty for `none` and `forge`. */
export function acceptedKinds(policy: PolicyOption): readonly TokenKind[] {
  const listed: readonly Policy[] = typeof policy === 'string' ? [policy] : policy
  return listed.filter((one) => one !== 'none' && one !== 'forge')
}

/** Whether the invocation tokens of Forge are accepted. */
export function acceptsForge(policy: PolicyOption): boolean {
  return typeof policy === 'string' ? policy === 'forge' : policy.includes('forge')
}

/** A sentence that says what is wrong with a policy, or `null`. */
export function policyProblem(value: unknown): string | null {
  if (typeof value === 'string') {
    return (policies as readonly string[]).includes(value) ? null : `it must be one of ${policies.join(', ')}`
  }
  if (!Array.isArray(value) || value.length === 0) {
    return `it must be one of ${policies.join(', ')} or a list among ${listablePolicies.join(', ')}`
  }
  const known: readonly unknown[] = listablePolicies
  if (!value.every((item) => known.includes(item))) return `a list may hold only ${listablePolicies.join(', ')}`
  return new Set(value).size === value.length ? null : 'a list may hold each policy once'
}
