import { type ContentOperation, mayOnPage, mayOnSpace } from './permissions.ts'
import {
  type Caller,
  type RestCall,
  type RestResult,
  type RestRoute,
  refusal,
  route,
  stringMember
} from './rest-routes.ts'
import type { WikiSite } from './site.ts'
import type { Audience, SiteGroup, WikiSpace } from './site-state.ts'
import { belongs, findUser } from './users.ts'
import { findPage } from './wiki-changes.ts'

/** Confluence's ways of telling who may do what. */
export const wikiPermissionRoutes: readonly RestRoute<WikiSite>[] = [
  route('POST /rest/api/content/:id/permission/check', checkContent),
  route('GET /rest/api/user', (site, { query }) =>
    userAnswer(site, findUser(query.get('accountId')) ?? null, query.get('expand') === 'operations')
  ),
  route('GET /rest/api/user/current', (site, { caller, query }) =>
    userAnswer(site, caller, query.get('expand') === 'operations')
  ),
  route('GET /rest/api/user/memberof', listGroups),
  route('GET /api/v2/spaces/:id/permissions', listSpacePermissions)
]

/** `{ subject: { type: 'user' | 'group', identifier }, operation }`: what one user or group may do with one page. */
function checkContent(site: WikiSite, call: RestCall, id?: string): RestResult {
  const page = findPage(site.state, id ?? '')
  if (page === undefined) return refusal(404, 'The page does not exist.')
  const operation = stringMember(call.body, 'operation')
  const subject = stringMember(call.body, 'subject', 'identifier')
  if (!isOperation(operation) || subject === undefined) return refusal(400, 'Name a subject and an operation.')
  if (call.caller === null) return refusal(403, 'Log in first.')
  const user = stringMember(call.body, 'subject', 'type') === 'user' ? (findUser(subject) ?? null) : null
  return { status: 200, body: { hasPermission: mayOnPage(site.state, user, page, operation), errors: [] } }
}

function isOperation(value: string | undefined): value is ContentOperation {
  return value === 'read' || value === 'update' || value === 'delete'
}

function userAnswer(site: WikiSite, user: Caller, withOperations: boolean): RestResult {
  if (user === null) return refusal(404, 'No such user.')
  if (user === 'app') return { status: 200, body: { type: 'known', accountType: 'app', operations: [] } }
  const operations = [...site.state.applicationPermissions]
    .filter(([, audience]) => belongs(audience, user, site.state))
    .map(([operation]) => ({ operation, targetType: 'application' }))
  return {
    status: 200,
    body: {
      type: 'known',
      accountId: user.accountId,
      accountType: 'atlassian',
      publicName: user.name,
      displayName: user.name,
      ...(withOperations ? { operations } : {})
    }
  }
}

function listGroups(site: WikiSite, { query, caller }: RestCall): RestResult {
  if (caller === null) return refusal(403, 'Log in first.')
  const accountId = query.get('accountId')
  if (findUser(accountId) === undefined) return refusal(404, 'No such user.')
  const mine = site.state.groups.filter(({ members }) => members.has(accountId ?? ''))
  const { start, limit, results } = cut(mine, query, 'start')
  const groups = results.map(({ id, name }) => ({ type: 'group', id, name }))
  return { status: 200, body: { results: groups, start, limit, size: results.length } }
}

function listSpacePermissions(site: WikiSite, { query, caller }: RestCall, id?: string): RestResult {
  const space = site.state.spaces.find((each) => each.id === id)
  if (space === undefined || !mayOnSpace(site.state, caller, space, 'read')) return refusal(404, 'No such space.')
  const all = assignmentsOf(space, site.state.groups)
  const { start, limit, results } = cut(all, query, 'cursor')
  const next = `/wiki/api/v2/spaces/${id}/permissions?limit=${limit}&cursor=${start + limit}`
  return { status: 200, body: { results, _links: start + limit < all.length ? { next } : {} } }
}

function cut<Entry>(entries: readonly Entry[], query: URLSearchParams, from: string) {
  const start = Number(query.get(from) ?? 0)
  const limit = Math.min(Number(query.get('limit') ?? 25), 250)
  return { start, limit, results: entries.slice(start, start + limit) }
}

/** One line for each user or group and each operation, as the real list has it. */
function assignmentsOf(space: WikiSpace, groups: readonly SiteGroup[]): object[] {
  const audiences: [string, Audience][] = [
    ['read:space', space.canRead],
    ['create:page', space.canEdit],
    ['delete:page', space.canEdit],
    ...space.permissions
  ]
  const admins = groups.find(({ name }) => name === 'site-admins')
  const users = groups.find(({ name }) => name === 'site-users')
  return audiences.flatMap(([permission, audience]) => {
    const [key, targetType] = permission.split(':')
    const groupIds = typeof audience === 'string' ? [users?.id, admins?.id] : [admins?.id]
    const named = typeof audience === 'string' ? [] : audience
    const principals = [
      ...groupIds.map((id) => ({ type: 'group', id })),
      ...named.map((name) => {
        const group = groups.find((each) => `group:${each.name}` === name)
        return group === undefined ? { type: 'user', id: name } : { type: 'group', id: group.id }
      })
    ]
    return principals.map((principal, index) => ({
      id: `${space.id}-${permission}-${index}`,
      principal,
      operation: { key, targetType }
    }))
  })
}
