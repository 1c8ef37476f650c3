import type { Descriptor } from '../descriptor/descriptor.ts'
import { listModules } from '../descriptor/module-list.ts'

/** The scopes of Connect apps of Jira and Confluence. */
const connectScopes: ReadonlySet<string> = new Set([
  'NONE',
  'READ',
  'WRITE',
  'DELETE',
  'PROJECT_ADMIN',
  'SPACE_ADMIN',
  'ADMIN',
  'ACT_AS_USER',
  'ACCESS_EMAIL_ADDRESSES'
])

interface UnfitNote {
  readonly severity: 'error'
  readonly code: string
  readonly field: string
  readonly message: string
}

/** What makes a manifest of this descriptor useless: the file is written all the same, and Forge would refuse it. */
export function* unfitNotes(descriptor: Descriptor): Iterable<UnfitNote> {
  const modules = listModules(descriptor)
  if (modules.some(({ module }) => String(module.location).startsWith('org.bitbucket.'))) {
    yield {
      severity: 'error',
      code: 'bitbucket-app',
      field: 'app.connect',
      message:
        'This is an app of Bitbucket, where there is no Connect on Forge: make a Forge app of its own and link it to this one (forgeAppId in the descriptor).'
    }
    return
  }
  const unknown = (descriptor.scopes ?? []).filter((scope) => !connectScopes.has(scope.toUpperCase()))
  if (unknown.length > 0) {
    yield {
      severity: 'error',
      code: 'scope-unknown',
      field: 'permissions.scopes',
      message: `Connect has no scope ${unknown.join(', ')}: take it out of the descriptor.`
    }
  }
  for (const { module, type, field } of modules) {
    if (type === 'webhooks' || (typeof module.key === 'string' && module.key !== '')) continue
    yield {
      severity: 'error',
      code: 'module-without-key',
      field,
      message: 'A module of a manifest has a key. Choose one, and keep it: sites know the module by it.'
    }
  }
}
