import { eachString, isObject } from '../descriptor/json-value.ts'
import { listModules } from '../descriptor/module-list.ts'
import { acceptsForge } from './backend-modules.ts'
import { type ConvertedModules, sharedTypes } from './connect-modules.ts'
import type { ManifestFinding } from './manifest.ts'
import type { ManifestPlan } from './manifest-plan.ts'
import { isConnectScope, isInherited, isTokenContent } from './manifest-scopes.ts'
import { moveNotes } from './move-notes.ts'
import { unfitNotes } from './unfit-notes.ts'

type Note = Pick<ManifestFinding, 'code' | 'field' | 'message'> & { readonly severity?: ManifestFinding['severity'] }

/** Members of a descriptor that a manifest has no place for. */
const dropped = ['name', 'description', 'vendor', 'links', 'apiVersion', 'contexts']

/** What a person has to do or decide, and why: no manifest can say it (forge.md 5.4, 5.5, 6.3, 6.7). */
export function manifestNotes(plan: ManifestPlan, converted: ConvertedModules): ManifestFinding[] {
  const notes: Note[] = [
    ...unfitNotes(plan.descriptor),
    ...appNotes(plan),
    ...tokenNotes(plan),
    ...scopeNotes(plan),
    ...residencyNotes(plan),
    ...lifecycleNotes(plan),
    ...moveNotes(listModules(plan.descriptor)),
    ...variableNotes(plan),
    ...productNotes(plan, converted),
    ...routeNotes(plan)
  ]
  return notes.map((note) => ({ severity: 'todo', ...note }))
}

function* appNotes({ descriptor, options }: ManifestPlan): Iterable<Note> {
  if (options.appId === undefined) {
    yield {
      code: 'app-not-registered',
      field: 'app.id',
      message: 'Forge does not know the app yet: run "forge register" and keep the id that it writes.'
    }
  }
  yield {
    code: 'app-key-per-environment',
    field: 'app.connect.key',
    message:
      'A site takes each Connect key once and production never changes its key: for other environments write a variable in its place (a name in braces behind a dollar sign) and set it for each of them.'
  }
  const members = dropped.filter((name) => descriptor[name] !== undefined)
  if (members.length > 0) {
    yield {
      code: 'members-dropped',
      field: 'app',
      message: `A manifest has no place for ${members.join(', ')}: name, texts and vendor are kept in the developer console and in the Marketplace listing.`
    }
  }
  yield descriptor.enableLicensing === undefined
    ? {
        code: 'licensing-undecided',
        field: 'app.licensing',
        message: 'The descriptor says nothing about licensing: a paid app needs "licensing: { enabled: true }".'
      }
    : {
        code: 'licensing-stays',
        field: 'app.licensing',
        message:
          'It has to say what the Marketplace listing says. On Forge the license comes with each call in production only; elsewhere it is absent.'
      }
  if (!/^https:/i.test(descriptor.baseUrl)) {
    yield {
      severity: 'error',
      code: 'remote-not-https',
      field: 'remotes[0].baseUrl',
      message: 'Forge calls remotes over https only.'
    }
  }
  yield {
    code: 'migration-statement',
    field: 'app',
    message:
      'Say in "connectToForgeMigration" whether and how the app moves, in every major version: administrators see it.'
  }
}

function* tokenNotes({ scopes, systemToken, userToken }: ManifestPlan): Iterable<Note> {
  if (!systemToken) {
    yield {
      code: 'no-system-token',
      field: 'modules.endpoint',
      message:
        'No OAuth scope was named, so Forge hands over no token and there is no keep-alive. A later change of an endpoint is a major version, so name "scopes" now if the backend is to call the product through Forge.'
    }
  }
  if ((systemToken || userToken) && !scopes.some(isTokenContent)) {
    yield {
      severity: 'error',
      code: 'scopes-only-tokens',
      field: 'permissions.scopes',
      message:
        'A token needs a scope of the product besides read:app-system-token and read:app-user-token, or none is made.'
    }
  }
  yield {
    code: 'endpoints-are-major',
    field: 'modules.endpoint',
    message:
      'Every change of an endpoint is a major version that administrators approve: decide about paths and tokens once.'
  }
}

function* scopeNotes({ descriptor, options, scopes }: ManifestPlan): Iterable<Note> {
  const field = 'permissions.scopes'
  for (const scope of scopes.filter((name) => !isConnectScope(name) && !isInherited(name, descriptor))) {
    yield {
      code: 'scope-needs-consent',
      field,
      message: `"${scope}" is not known to be covered by a Connect scope of the app: administrators may have to approve the version that adds it.`
    }
  }
  const names = (descriptor.scopes ?? []).map((scope) => scope.toUpperCase())
  if (names.includes('ACT_AS_USER') && (options.impersonationScopes ?? []).length === 0) {
    yield {
      code: 'act-as-user',
      field,
      message:
        'ACT_AS_USER holds for Connect tokens only. To act on Forge for a user who is not there, name each OAuth scope that is used for it in "impersonationScopes".'
    }
  }
  if (names.includes('ACCESS_EMAIL_ADDRESSES')) {
    yield {
      code: 'email-addresses',
      field,
      message:
        'The government cloud does not know ACCESS_EMAIL_ADDRESSES; in Confluence it is read:email-address:confluence.'
    }
  }
}

function* residencyNotes({ descriptor, options, remoteKey }: ManifestPlan): Iterable<Note> {
  const moves = isObject(descriptor.lifecycle) && descriptor.lifecycle['dare-migration'] !== undefined
  if (moves && options.dataResidencyPath === undefined) {
    yield {
      code: 'data-residency-hooks',
      field: 'modules.migration:dataResidency',
      message:
        'The descriptor has a dare-migration hook. Forge calls other hooks, with an invocation token: serve them at a new path and name it in "dataResidencyPath".'
    }
  }
  if (descriptor.regionBaseUrls !== undefined) {
    yield {
      code: 'data-residency-regions',
      field: 'remotes[0].baseUrl',
      message: `Every region became an address of the remote "${remoteKey}". A new region, or another address, is a major version.`
    }
  }
  if (options.storesEndUserData === undefined) {
    yield {
      code: 'end-user-data',
      field: 'remotes[0].storage.inScopeEUD',
      message:
        'It says that the app stores data of end users on its server; say false if it does not: data residency depends on it.'
    }
  }
}

function* lifecycleNotes({ descriptor }: ManifestPlan): Iterable<Note> {
  const { enabled, disabled, uninstalled } = descriptor.lifecycle ?? {}
  if (enabled !== undefined || disabled !== undefined) {
    yield {
      code: 'no-enabled-disabled',
      field: 'connectModules',
      message: 'Forge has nothing for "enabled" and "disabled": without Connect modules they are no longer called.'
    }
  }
  if (uninstalled !== undefined) {
    yield {
      code: 'uninstalled-ends',
      field: 'modules.preUninstall',
      message:
        'Without Connect modules "uninstalled" is no longer called. preUninstall takes its place, but is tried once and may be lost: do not rely on it alone.'
    }
  }
}

function* variableNotes({ descriptor }: ManifestPlan): Iterable<Note> {
  for (const { module, field } of listModules(descriptor)) {
    const found: string[] = []
    eachString(module, (text, at) => {
      if (/(?:^|\.)(?:url|templateUrl)$/i.test(at) && /\{[^{}]+\}/.test(text)) found.push(`${field}.${at}`)
    })
    for (const at of found) {
      yield {
        code: 'url-variables',
        field: at,
        message:
          'It has variables in its URL, which Forge fills for Connect modules only: on Forge the handler reads them from the context of the invocation token.'
      }
    }
  }
}

function* productNotes({ products }: ManifestPlan, { connectModules }: ConvertedModules): Iterable<Note> {
  const owners = new Map<unknown, string>()
  for (const [type, list] of Object.entries(connectModules)) {
    for (const module of list) {
      const key = isObject(module) ? module.key : undefined
      const owner = owners.get(key)
      if (owner !== undefined && owner !== type && !sharedTypes.test(type)) {
        yield {
          code: 'key-in-both-products',
          field: `connectModules.${type}`,
          message: `The key "${key}" is in ${owner} too, because the descriptor serves ${products.join(' and ')}. Forge may refuse a key that is there twice: leave the module to one product, or make two apps.`
        }
      }
      owners.set(key, type)
    }
  }
}

function* routeNotes({ routes }: ManifestPlan): Iterable<Note> {
  for (const route of routes) {
    const policies = [route.policy].flat()
    const forFrontEnd = policies.some((policy) => policy === 'context' || policy === 'session')
    if (!forFrontEnd || acceptsForge(route)) continue
    yield {
      code: 'route-not-forge',
      field: `${[route.method].flat().join(' ')} ${route.url}`,
      message: 'It takes Connect tokens only: add "forge" to its policy before a Forge front end calls it.'
    }
  }
}
