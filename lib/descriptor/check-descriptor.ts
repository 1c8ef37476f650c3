import { bitbucketScopes, checkBitbucket } from './check-bitbucket.ts'
import { checkLeftovers } from './check-leftovers.ts'
import { checkLifecycle } from './check-lifecycle.ts'
import { checkModules } from './check-modules.ts'
import { checkResidency } from './check-residency.ts'
import type { Descriptor, DescriptorProblem } from './descriptor.ts'
import { descriptorError } from './descriptor-error.ts'
import { fieldOf, isObject } from './json-value.ts'
import { type Fault, ProblemList } from './problem-list.ts'

const knownScopes = new Set(
  'NONE READ WRITE DELETE PROJECT_ADMIN SPACE_ADMIN ADMIN ACT_AS_USER ACCESS_EMAIL_ADDRESSES'.split(' ')
)

/**
 * Everything in the descriptor that the host would refuse or that cannot work (errors), and what looks like a
 * mistake (warnings); at most one error for a field. Never throws, whatever the types are, and messages repeat
 * neither life-cycle paths nor other URLs. `product` says that it is a descriptor of Bitbucket.
 */
export function checkDescriptor(descriptor: Descriptor, product?: 'bitbucket'): DescriptorProblem[] {
  const problems = new ProblemList()
  checkLeftovers(descriptor, problems)
  problems.judge('key', keyFault(descriptor.key))
  checkName(descriptor.name, problems)
  checkBaseUrl(descriptor.baseUrl, problems)
  const authentication = checkAuthentication(descriptor.authentication, problems)
  checkLifecycle(descriptor, authentication, problems)
  checkResidency(descriptor, problems)
  checkScopes(descriptor.scopes, product, problems)
  if (product === 'bitbucket') checkBitbucket(descriptor, authentication, problems)
  else checkApiMigrations(descriptor.apiMigrations, problems)
  checkModules(descriptor, problems)
  return problems.toArray()
}

/** Returns the warnings. Throws AtlassianError ATL_DESCRIPTOR whose message lists every error, field first. */
export function assertDescriptor(descriptor: Descriptor, product?: 'bitbucket'): DescriptorProblem[] {
  const problems = checkDescriptor(descriptor, product)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return problems
  const lines = errors.map(({ field, message }) => `\n- ${field} ${message}`)
  const count = errors.length === 1 ? 'an error' : `${errors.length} errors`
  throw descriptorError('invalid', `The descriptor has ${count}:${lines.join('')}`)
}

function keyFault(key: unknown): Fault | null {
  if (key === undefined) return ['key-missing', 'is missing; give the app a key that never changes']
  if (typeof key === 'string' && /^[a-zA-Z0-9._-]{1,80}$/.test(key)) return null
  return ['key-form', 'has to be 1 to 80 letters, digits, dots, hyphens and underscores']
}

function checkName(name: unknown, problems: ProblemList): void {
  if (name === undefined) problems.warn('name', 'name-missing', 'is missing; the Marketplace wants one')
  else if (typeof name !== 'string' || name.trim() === '' || name.length > 80) {
    problems.error('name', 'name-form', 'has to be text of 1 to 80 characters')
  }
}

function checkBaseUrl(baseUrl: unknown, problems: ProblemList): void {
  problems.judge('baseUrl', baseUrlFault(baseUrl))
  if (typeof baseUrl === 'string' && baseUrl.endsWith('/')) {
    problems.warn('baseUrl', 'base-url-slash', 'ends with a slash; write it without')
  }
}

function baseUrlFault(baseUrl: unknown): Fault | null {
  if (baseUrl === undefined) return ['base-url-missing', 'is missing']
  if (baseUrl === '') return ['base-url-empty', 'is empty; write {{localBaseUrl}} or the address of the app']
  if (typeof baseUrl !== 'string' || !/^https?:\/\/[^/\s\\]/i.test(baseUrl) || !URL.canParse(baseUrl)) {
    return ['base-url-form', 'has to be an absolute https URL']
  }
  const url = new URL(baseUrl)
  if (baseUrl.length > 200) return ['base-url-length', `has ${baseUrl.length} characters; at most 200 are allowed`]
  if (url.username !== '' || url.password !== '') return ['base-url-form', 'must not hold a user name or a password']
  if (/[?#{}]/.test(baseUrl)) return ['base-url-form', 'must not hold a query, a fragment or variables']
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return null
  return ['base-url-insecure', 'has to use https; http is for a loopback address only']
}

function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** The type in lower case; `null` when it is wrong, so that nothing else complains about it. */
function checkAuthentication(authentication: unknown, problems: ProblemList): 'jwt' | 'none' | null {
  if (!isObject(authentication)) {
    problems.error('authentication', 'authentication-missing', 'has to be an object such as { "type": "jwt" }')
    return null
  }
  const { type = 'jwt' } = authentication
  const name = typeof type === 'string' ? type.toLowerCase() : ''
  if (name === 'jwt' || name === 'none') return name
  problems.error('authentication.type', 'authentication-type', 'has to be "jwt" or "none"')
  return null
}

function checkScopes(scopes: unknown, product: 'bitbucket' | undefined, problems: ProblemList): void {
  const isKnown = (scope: string) =>
    product === 'bitbucket' ? bitbucketScopes.has(scope) : knownScopes.has(scope.toUpperCase())
  const name = product === 'bitbucket' ? 'Bitbucket' : 'Jira or Confluence'
  if (scopes === undefined || scopes === null) return
  if (!Array.isArray(scopes)) problems.error('scopes', 'scopes-type', 'has to be a list of scopes')
  else
    for (const [index, scope] of scopes.entries()) {
      const field = fieldOf('scopes', index)
      if (typeof scope !== 'string') problems.error(field, 'scope-type', 'has to be the name of a scope')
      else if (!isKnown(scope)) {
        problems.warn(field, 'scope-unknown', `is "${scope.slice(0, 60)}", which is no scope of ${name}`)
      }
    }
}

function checkApiMigrations(apiMigrations: unknown, problems: ProblemList): void {
  if (apiMigrations === undefined || apiMigrations === null) return
  if (!isObject(apiMigrations))
    problems.error('apiMigrations', 'api-migrations-type', 'has to be an object of true and false')
  else
    for (const [name, value] of Object.entries(apiMigrations)) {
      const field = fieldOf('apiMigrations', name)
      if (typeof value !== 'boolean') problems.error(field, 'api-migration-type', 'has to be true or false')
      else if (!value && ['signed-install', 'context-qsh', 'gdpr'].includes(name)) {
        problems.warn(
          field,
          'api-migration-off',
          'is false, but Jira and Confluence work as if it were true; remove it or make it true'
        )
      }
    }
}
