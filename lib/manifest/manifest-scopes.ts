import type { Descriptor } from '../descriptor/descriptor.ts'
import { type ManifestProduct, type ManifestValue, tokenScopes } from './manifest.ts'

/** OAuth scopes that count as inherited from a Connect scope, as far as they are published for certain (forge.md 5.5). */
const inherited: Readonly<Record<string, string>> = {
  'manage:jira-configuration': 'ADMIN',
  'manage:jira-project': 'PROJECT_ADMIN',
  'manage:jira-webhook': 'WRITE'
}

/** The scopes of the Connect part: they hold for calls with a Connect token only. */
export function connectScopes(descriptor: Descriptor, products: readonly ManifestProduct[]): string[] {
  const names = (descriptor.scopes ?? []).map((scope) => scope.toLowerCase().replaceAll('_', '-'))
  const real = [...new Set(names)].filter((name) => name !== 'none')
  return products.flatMap((product) => real.map((name) => `${name}:connect-${product}`))
}

export function isConnectScope(scope: string): boolean {
  return /:connect-(?:jira|confluence)$/.test(scope)
}

/** A scope that a token of Forge can hold: neither one of Connect nor one that only asks for tokens. */
export function isTokenContent(scope: string): boolean {
  return !isConnectScope(scope) && scope !== tokenScopes.system && scope !== tokenScopes.user
}

/** Whether administrators have agreed to this scope by installing the Connect app. */
export function isInherited(scope: string, descriptor: Descriptor): boolean {
  const source = Object.hasOwn(inherited, scope) ? inherited[scope] : undefined
  return source !== undefined && (descriptor.scopes ?? []).some((name) => name.toUpperCase() === source)
}

/** A list, or the map that impersonation needs. */
export function scopesValue(scopes: readonly string[], impersonation: readonly string[]): ManifestValue {
  const all = [...new Set(scopes)]
  if (impersonation.length === 0) return all
  const entries = all.map((scope): [string, ManifestValue] => [
    scope,
    impersonation.includes(scope) ? { allowImpersonation: true } : {}
  ])
  return Object.fromEntries(entries)
}
