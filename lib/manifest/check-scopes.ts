import type { Findings } from './findings.ts'
import { tokenScopes } from './manifest.ts'
import { isConnectScope, isTokenContent } from './manifest-scopes.ts'
import { type ManifestView, wantsToken } from './read-manifest.ts'

const kinds = [
  ['appSystemToken', tokenScopes.system, 'system-token'],
  ['appUserToken', tokenScopes.user, 'user-token']
] as const

/** Tokens need their scope, a scope needs its `auth`, and both need something that the token may do (forge.md 3.1). */
export function checkScopes(view: ManifestView, findings: Findings): void {
  const field = 'permissions.scopes'
  const { scopes } = view
  if (scopes === null) {
    findings.error('scopes-form', field, 'Scopes are a list of names, or a map with the names as keys.')
    return
  }
  const askers = [...view.endpoints, ...view.remotes]
  let wanted = false
  for (const [kind, scope, code] of kinds) {
    const asker = askers.find((entry) => wantsToken(entry, kind))
    wanted ||= asker !== undefined
    if (asker !== undefined && !scopes.includes(scope)) {
      findings.error(
        `${code}-without-scope`,
        `${asker.field}.auth.${kind}`,
        `It needs the scope ${scope}; without it no token is sent.`
      )
    }
    if (asker === undefined && scopes.includes(scope)) {
      findings.warn(
        `${code}-not-enabled`,
        field,
        `${scope} is asked for, but no endpoint and no remote enables ${kind}: no token is sent.`
      )
    }
  }
  if (wanted && !scopes.some(isTokenContent)) {
    findings.error(
      'scopes-only-tokens',
      field,
      'A token needs a scope of the product besides; with these alone none is made.'
    )
  }
  if (view.connectModules.length === 0 && scopes.some(isConnectScope)) {
    findings.warn('connect-scope-unused', field, 'Scopes of Connect are left although there are no Connect modules.')
  }
}
