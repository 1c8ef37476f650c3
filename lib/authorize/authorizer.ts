import { type AtlassianError, AuthorizationError, OptionError } from '../errors.ts'
import type { ProductContext } from '../jwt/claims.ts'
import type { Clock, Log } from '../ports.ts'
import type { AskHost } from './ask-host.ts'
import { changedByForgeEvent } from './changed-by-forge-event.ts'
import { changedByWebhook } from './changed-by-webhook.ts'
import { createConfluencePermissions } from './confluence-permissions.ts'
import type { ChangedResource } from './decision-cache.ts'
import { createDecisions, LookupFailure } from './decisions.ts'
import { createJiraPermissions } from './jira-permissions.ts'
import {
  type IdentifiedResource,
  isForgeView,
  type PermissionSource,
  type Question,
  type Resource,
  type Subject
} from './question.ts'
import { parsePermissions, type Requirements } from './requirements.ts'
import { idsOfContext, toResourceId } from './resource-id.ts'

/** What was checked and granted. An id that was not checked is `null`. Frozen. */
export interface Authorized {
  readonly projectId: string | null
  readonly issueId: string | null
  readonly contentId: string | null
  readonly spaceId: string | null
  /** What was required, by what it was required of: `{ project: ['EDIT_ISSUES'] }`. */
  readonly permissions: Readonly<Partial<Record<Resource, readonly string[]>>>
}

/** Who asks for what: the verified side of one request. */
export interface AuthorizationRequest<Request> {
  readonly subject: Subject
  /** Where the user is, as the verified token says. */
  readonly context: ProductContext
  /** Handed to resolvers. */
  readonly request: Request
}

/** May this user do this? The host decides, and only a clear yes to everything is a yes. */
export interface Authorizer {
  /**
   * Resolves with what was granted. Rejects with AuthorizationError: `ATL_FORBIDDEN` for a no, `ATL_CONTEXT_MISSING`
   * where an id is missing or is none, `ATL_PERMISSION_UNKNOWN` where the host gave no clear answer.
   */
  authorize<Request>(requirements: Requirements<Request>, asked: AuthorizationRequest<Request>): Promise<Authorized>
  /**
   * Those of these issues (on a Confluence tenant: contents) for which the user has every one of the permissions, in
   * their order. What is no id is left out. Rejects as `authorize` does, and with OptionError for no permissions
   * and for more than 1000 ids.
   */
  filterAllowed<Id extends string | number>(
    subject: Subject,
    ids: readonly Id[],
    permissions: readonly string[]
  ): Promise<Id[]>
  /** A verified webhook came: forgets the answers that it may have changed. */
  heard(tenantId: string, event: string, body: unknown): void
  /** The same for a verified event of Forge. */
  heardForge(tenantId: string, event: string, body: unknown): void
}

export interface AuthorizerOptions {
  readonly askHost: AskHost
  readonly clock: Clock
  readonly log: Log
  readonly cacheMs: number
  readonly maxCached: number
  readonly timeoutMs: number
}

/** As many as Jira answers in one call (connect.md 6.1). A list that a stranger made longer must not become more calls. */
const MAX_FILTERED_IDS = 1000

export function createAuthorizer({ askHost, ...options }: AuthorizerOptions): Authorizer {
  const sources = new Map<string, PermissionSource>([
    ['jira', createJiraPermissions(askHost)],
    ['confluence', createConfluencePermissions(askHost)]
  ])
  const decisions = createDecisions({ ...options, sourceFor })

  function sourceFor({ tenant }: Subject): PermissionSource {
    const source = sources.get(tenant.product)
    if (source === undefined) throw contextMissing('other-product', { product: tenant.product })
    return source
  }

  function forget(tenantId: string, changed: ChangedResource | 'everything' | null): void {
    if (changed === 'everything') decisions.forget(tenantId)
    else if (changed !== null) decisions.forget(tenantId, changed)
  }

  async function decide(subject: Subject, questions: readonly Question[]): Promise<readonly boolean[]> {
    // Jira tells what everybody may do, but not at the address that Forge calls, which knows no strangers.
    const isForEverybody = subject.tenant.product === 'jira' && !isForgeView(subject.tenant)
    if (subject.accountId === null && !isForEverybody) throw new AuthorizationError('anonymous')
    try {
      return await decisions.decide(subject, questions)
    } catch (cause) {
      if (!(cause instanceof LookupFailure)) throw cause
      throw new AuthorizationError('lookup-failed', { why: cause.message }, 'ATL_PERMISSION_UNKNOWN')
    }
  }

  return {
    async authorize(requirements, asked) {
      const { product, permissions } = requirements
      if (asked.subject.tenant.product !== product) throw contextMissing('other-product', { needed: product })
      const ids = await readIds(requirements, asked)
      const questions = questionsFor(permissions, ids)
      const granted = await decide(asked.subject, questions)
      const refused = questions.find((_, index) => granted[index] !== true)
      if (refused !== undefined) throw new AuthorizationError('not-granted', { ...refused })
      const checked = new Map(questions.map(({ resource, id }) => [resource, id]))
      return Object.freeze({
        projectId: checked.get('project') ?? null,
        issueId: checked.get('issue') ?? null,
        contentId: checked.get('content') ?? null,
        spaceId: checked.get('space') ?? null,
        permissions
      })
    },
    async filterAllowed(subject, ids, permissions) {
      const wanted = parsePermissions(permissions, 'filterAllowed().permissions')
      if (ids.length > MAX_FILTERED_IDS) {
        throw new OptionError('filterAllowed().ids', ids, `it must have at most ${MAX_FILTERED_IDS} ids`)
      }
      const resource = subject.tenant.product === 'jira' ? 'issue' : 'content'
      const known = new Set(ids.map(toResourceId).filter((id) => id !== null))
      const questions = [...known].flatMap((id) => wanted.map((permission) => ({ resource, id, permission }) as const))
      const granted = questions.length === 0 ? [] : await decide(subject, questions)
      for (const [index, { id }] of questions.entries()) if (granted[index] !== true) known.delete(id)
      return ids.filter((id) => known.has(toResourceId(id) ?? ''))
    },
    heard: (tenantId, event, body) => forget(tenantId, changedByWebhook(event, body)),
    heardForge: (tenantId, event, body) => forget(tenantId, changedByForgeEvent(event, body))
  }
}

type FoundIds = ReadonlyMap<IdentifiedResource, string>

/** What the permissions of one kind are asked of: a project permission of the project and the issue, whichever are named. */
function resourcesOf(kind: Resource): readonly IdentifiedResource[] {
  if (kind === 'global' || kind === 'application') return []
  return kind === 'project' ? ['project', 'issue'] : [kind]
}

/** Each id that matters, checked. With one resolver the token is not read, and each resolver has to find something. */
async function readIds<Request>(
  { permissions, resolvers }: Requirements<Request>,
  { context, request }: AuthorizationRequest<Request>
): Promise<FoundIds> {
  const given = new Map<IdentifiedResource, unknown>()
  for (const [key, resolve] of Object.entries(resolvers)) {
    const resource = key as IdentifiedResource
    const value = await resolved(resource, resolve, request)
    if (value === undefined || value === null) throw contextMissing('id-missing', { resource })
    given.set(resource, value)
  }
  const ofToken = given.size === 0 ? idsOfContext(context) : null
  const found = new Map<IdentifiedResource, string>()
  for (const resource of new Set((Object.keys(permissions) as Resource[]).flatMap(resourcesOf))) {
    const value = ofToken === null ? given.get(resource) : ofToken[resource]
    if (value === undefined) continue
    const id = toResourceId(value)
    if (id === null) throw contextMissing('id-malformed', { resource })
    found.set(resource, id)
  }
  return found
}

/** A resolver that trips over what a stranger left out must not become a 500; an error with a status is the app's own. */
async function resolved<Request>(
  resource: IdentifiedResource,
  resolve: (request: Request) => unknown,
  request: Request
): Promise<unknown> {
  try {
    return await resolve(request)
  } catch (error) {
    const hasStatus =
      typeof error === 'object' && error !== null && typeof Reflect.get(error, 'statusCode') === 'number'
    if (hasStatus) throw error
    throw contextMissing('id-resolver', { resource, why: error instanceof Error ? error.message : 'unknown' })
  }
}

function questionsFor(permissions: Requirements<unknown>['permissions'], ids: FoundIds): Question[] {
  const questions = new Map<string, Question>()
  const add = (resource: Resource, id: string, names: readonly string[]) => {
    for (const permission of names) questions.set(`${resource} ${permission}`, { resource, id, permission })
  }
  for (const [key, names = []] of Object.entries(permissions)) {
    const kind = key as Resource
    const resources = resourcesOf(kind)
    if (resources.length === 0) {
      add(kind, '', names)
      continue
    }
    const named = resources.filter((each) => ids.has(each))
    if (named.length === 0) throw contextMissing('id-missing', { resource: kind })
    for (const each of named) add(each, ids.get(each) ?? '', names)
  }
  return [...questions.values()]
}

function contextMissing(reason: string, details: AtlassianError['details']): AuthorizationError {
  return new AuthorizationError(reason, details, 'ATL_CONTEXT_MISSING')
}
