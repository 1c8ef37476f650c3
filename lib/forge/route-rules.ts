import { AuthorizationError, OptionError } from '../errors.ts'
import { installationAri, isUuid } from './ari.ts'
import { environmentTypes } from './forge-options.ts'
import type { VerifiedForge } from './verify-invocation.ts'

/** What a route demands of a Forge call beside a good token. */
export interface ForgeRouteRules {
  /** `required` (default): a user acts. `forbidden`: none does, as in events. `optional`: both. */
  readonly principal?: 'required' | 'forbidden' | 'optional'
  /** Types or keys of modules that may call; for events the key of the endpoint. */
  readonly modules?: readonly string[]
  /** Ids or types of environments, of those that the option `forge.environments` accepts. */
  readonly environments?: readonly string[]
  /** Installations that may call. */
  readonly installations?: readonly string[]
  /** `true`: only with an active license. Outside of production there may be none. */
  readonly license?: boolean
}

/** The same, checked. */
export interface ForgeRoutePolicy {
  readonly principal: 'required' | 'forbidden' | 'optional'
  readonly modules: ReadonlySet<string> | null
  readonly environments: ReadonlySet<string> | null
  readonly installations: ReadonlySet<string> | null
  readonly license: boolean
}

const PRINCIPALS = ['required', 'forbidden', 'optional'] as const
const MEMBERS = ['principal', 'modules', 'environments', 'installations', 'license']

/** Checks what a route says. `place` names it in the message. Throws OptionError. */
export function parseForgeRouteRules(given: unknown, place: string): ForgeRoutePolicy {
  const rules: ForgeRouteRules = given === undefined ? {} : object(given, place)
  for (const [name, value] of Object.entries(rules)) {
    if (!MEMBERS.includes(name)) {
      throw new OptionError(`${place}.${name}`, value, `there is no such member; known are ${MEMBERS.join(', ')}`)
    }
  }
  const { principal = 'required', license = false } = rules
  if (!PRINCIPALS.includes(principal)) {
    throw new OptionError(`${place}.principal`, principal, `it must be one of ${PRINCIPALS.join(', ')}`)
  }
  if (typeof license !== 'boolean') throw new OptionError(`${place}.license`, license, 'it must be true or false')
  return Object.freeze({
    principal,
    license,
    modules: textSet(rules.modules, `${place}.modules`, (text) => text),
    environments: textSet(rules.environments, `${place}.environments`, environmentName),
    installations: textSet(rules.installations, `${place}.installations`, installationAri)
  })
}

/** Throws AuthorizationError for a verified call that this route is not for (forge.md 2.5, rule 12). */
export function checkForgeRoute(forge: VerifiedForge, policy: ForgeRoutePolicy): void {
  const { accountId, module, environment, installation, license } = forge
  if (policy.principal === 'required' && accountId === null) throw new AuthorizationError('principal-missing')
  if (policy.principal === 'forbidden' && accountId !== null) throw new AuthorizationError('principal-present')
  if (policy.modules !== null && !policy.modules.has(module.key) && !policy.modules.has(module.type)) {
    throw new AuthorizationError('module')
  }
  if (policy.environments !== null && !isListed(environment, policy.environments)) {
    throw new AuthorizationError('route-environment')
  }
  if (policy.installations !== null && !policy.installations.has(installation.id)) {
    throw new AuthorizationError('route-installation')
  }
  if (policy.license && !(license === null ? environment.type !== 'PRODUCTION' : license.active)) {
    throw new AuthorizationError('license')
  }
}

function isListed({ id, type }: VerifiedForge['environment'], listed: ReadonlySet<string>): boolean {
  return listed.has(type) || listed.has(id.slice(id.lastIndexOf('/') + 1))
}

/** A type, or the bare id at the end of an environment's name. */
function environmentName(text: string): string | null {
  if (environmentTypes.some((type) => type === text)) return text
  const bare = text.slice(text.lastIndexOf('/') + 1)
  return isUuid(bare) ? bare : null
}

function object(value: unknown, option: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new OptionError(option, value, 'it must be an object')
}

function textSet(value: unknown, option: string, read: (text: string) => string | null): ReadonlySet<string> | null {
  if (value === undefined) return null
  if (!Array.isArray(value) || value.length === 0) {
    throw new OptionError(option, value, 'it must be a list of at least one text')
  }
  return new Set(
    value.map((text, index) => {
      const name = typeof text === 'string' && text !== '' ? read(text) : null
      if (name === null) throw new OptionError(`${option}[${index}]`, text, 'it names nothing of that kind')
      return name
    })
  )
}
