import { OptionError } from '../errors.ts'
import type { Product } from '../tenant/tenant.ts'
import type {
  ConfluenceApplicationPermission,
  ConfluenceContentPermission,
  ConfluenceSpacePermission,
  JiraGlobalPermission,
  JiraProjectPermission
} from './permission-names.ts'
import type { IdentifiedResource, Resource } from './question.ts'

type OneOrMore<Name> = Name | readonly Name[]

/** Finds an id in the request. May be asynchronous. What it gives is checked: a positive decimal id, or refused. */
export type ResolveId<Request> = (request: Request) => unknown

/** What a user has to be allowed in Jira. All of it has to be granted. */
export interface JiraRequirements<Request = unknown> {
  readonly global?: OneOrMore<JiraGlobalPermission>
  /** For the project and for the issue of the request: for both if both are named, and for one at least. */
  readonly project?: OneOrMore<JiraProjectPermission>
  /** Project permissions for the issue of the request, which has to be named. */
  readonly issue?: OneOrMore<JiraProjectPermission>
  /** Where the project's id is, if not in the verified token. With one resolver nothing is taken from the token. */
  readonly projectId?: ResolveId<Request>
  /** Where the issue's id is, if not in the verified token. With one resolver nothing is taken from the token. */
  readonly issueId?: ResolveId<Request>
}

/** What a user has to be allowed in Confluence. All of it has to be granted. */
export interface ConfluenceRequirements<Request = unknown> {
  readonly application?: OneOrMore<ConfluenceApplicationPermission>
  readonly space?: OneOrMore<ConfluenceSpacePermission>
  /** For the page or other content of the request: its own restrictions, its space and the site count. */
  readonly content?: OneOrMore<ConfluenceContentPermission>
  /** Where the space's id is, if not in the verified token. With one resolver nothing is taken from the token. */
  readonly spaceId?: ResolveId<Request>
  /** Where the content's id is, if not in the verified token. With one resolver nothing is taken from the token. */
  readonly contentId?: ResolveId<Request>
}

/** Requirements after their checks. */
export interface Requirements<Request> {
  readonly product: Product
  /** By what they are asked of; lists without duplicates, none of them empty. */
  readonly permissions: Readonly<Partial<Record<Resource, readonly string[]>>>
  readonly resolvers: Readonly<Partial<Record<IdentifiedResource, ResolveId<Request>>>>
}

const contentPermissions: readonly string[] = ['read', 'update', 'delete'] satisfies ConfluenceContentPermission[]

/** Checks and freezes. Throws OptionError for requirements that would allow everybody, or that ask for nothing real. */
export function parseJiraRequirements<Request>(given: JiraRequirements<Request>): Requirements<Request> {
  return parse('jira', 'authorizeJira', given, ['global', 'project', 'issue'], {
    // An issue stands for its project too.
    projectId: ['project'],
    issueId: ['project', 'issue']
  })
}

/** As parseJiraRequirements. */
export function parseConfluenceRequirements<Request>(given: ConfluenceRequirements<Request>): Requirements<Request> {
  const parsed = parse('confluence', 'authorizeConfluence', given, ['application', 'space', 'content'], {
    spaceId: ['space'],
    contentId: ['content']
  })
  const unknown = parsed.permissions.content?.find((name) => !contentPermissions.includes(name))
  if (unknown !== undefined) {
    throw new OptionError(
      'authorizeConfluence().content',
      unknown,
      `it must be one of ${contentPermissions.join(', ')}`
    )
  }
  return parsed
}

function parse<Request>(
  product: Product,
  caller: string,
  given: object,
  resources: readonly Resource[],
  resolversFor: Readonly<Record<string, readonly Resource[]>>
): Requirements<Request> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionError(caller, given, 'it must be called with an object of permissions')
  }
  const known = [...resources, ...Object.keys(resolversFor)]
  const permissions: Partial<Record<Resource, readonly string[]>> = {}
  const resolvers: Partial<Record<IdentifiedResource, ResolveId<Request>>> = {}
  for (const [name, value] of Object.entries(given)) {
    const option = `${caller}().${name}`
    const neededBy = resolversFor[name]
    if (value === undefined) continue
    const resource = resources.find((each) => each === name)
    if (resource !== undefined) permissions[resource] = parsePermissions(value, option)
    else if (neededBy === undefined) {
      throw new OptionError(option, value, `there is no such requirement; known are ${known.join(', ')}`)
    } else {
      if (typeof value !== 'function') throw new OptionError(option, value, 'it must be a function of the request')
      if (!neededBy.some((each) => Reflect.get(given, each) !== undefined)) {
        throw new OptionError(option, value, `it needs permissions under ${neededBy.join(' or ')}`)
      }
      resolvers[name.slice(0, -2) as IdentifiedResource] = value
    }
  }
  if (Object.keys(permissions).length === 0) {
    throw new OptionError(caller, given, `it must require something under ${resources.join(', ')}`)
  }
  refuseUnresolved(caller, permissions, resolvers, resolversFor)
  return Object.freeze({ product, permissions: Object.freeze(permissions), resolvers: Object.freeze(resolvers) })
}

/** With one resolver the token is not read, so permissions whose id no resolver finds could never be granted. */
function refuseUnresolved(
  caller: string,
  permissions: object,
  resolvers: object,
  resolversFor: Readonly<Record<string, readonly Resource[]>>
): void {
  const [resolver] = Object.keys(resolvers)
  if (resolver === undefined) return
  for (const resource of Object.keys(permissions)) {
    const finders = Object.keys(resolversFor).filter((name) => resolversFor[name]?.some((each) => each === resource))
    if (finders.length === 0 || finders.some((name) => Object.hasOwn(resolvers, name.slice(0, -2)))) continue
    const missing = `${caller}().${finders.join(' or ')}`
    const needed = `"${resource}" needs it: with "${resolver}Id" nothing is taken from the token`
    throw new OptionError(missing, undefined, needed)
  }
}

/** Names of permissions as a list without duplicates. Throws OptionError for an empty list and for what is no name. */
export function parsePermissions(value: unknown, option: string): readonly string[] {
  const names: unknown[] = Array.isArray(value) ? value : [value]
  if (names.length === 0) throw new OptionError(option, value, 'it must name at least one permission')
  for (const name of names) {
    if (typeof name !== 'string' || !/^[\w.:-]{1,255}$/.test(name)) {
      throw new OptionError(option, name, 'it must be the name of a permission, or a list of names')
    }
  }
  return Object.freeze([...new Set(names as string[])])
}
