import { type AskAsApp, listOf, memberOf } from './ask-host.ts'
import { OddAnswer } from './question.ts'

const PAGE_SIZE = 200
/** Far more than any space has; a host that never ends is refused. */
const MAX_PAGES = 25

/**
 * What a user may do with a space, as `operation` (on the space itself) and `operation:target`. Confluence has no call
 * that answers this for another user, so the space's assignments are read as the app and compared with the user and
 * the user's groups. Assignments of a kind that we do not know grant nothing.
 */
export async function readSpaceGrants(ask: AskAsApp, spaceId: string, accountId: string): Promise<ReadonlySet<string>> {
  const [assignments, groups] = await Promise.all([readAssignments(ask, spaceId), readGroups(ask, accountId)])
  const granted = new Set<string>()
  for (const assignment of assignments) {
    const principal = memberOf(assignment, 'principal')
    const type = memberOf(principal, 'type')
    const id = memberOf(principal, 'id')
    const isUser = type === 'user' && id === accountId
    const isGroup = type === 'group' && typeof id === 'string' && groups.has(id)
    if (!isUser && !isGroup) continue
    const operation = memberOf(memberOf(assignment, 'operation'), 'key')
    const target = memberOf(memberOf(assignment, 'operation'), 'targetType')
    if (typeof operation !== 'string' || typeof target !== 'string') continue
    granted.add(`${operation}:${target}`)
    if (target === 'space') granted.add(operation)
  }
  return granted
}

async function readAssignments(ask: AskAsApp, spaceId: string): Promise<readonly unknown[]> {
  const found: unknown[] = []
  let cursor: string | null = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const query: { limit: number; cursor: string | null } = { limit: PAGE_SIZE, cursor }
    const answer = await ask({ method: 'GET', path: `/api/v2/spaces/${spaceId}/permissions`, query })
    // There is no such space, so nobody has a permission there.
    if (answer.status === 404) return []
    found.push(...listOf(answer.body, 'results'))
    cursor = nextCursor(answer.body)
    if (cursor === null) return found
  }
  throw new OddAnswer('the assignments of the space do not end')
}

/** Only the cursor is taken from the host's link: where we go is our own decision. */
function nextCursor(body: object): string | null {
  const next = memberOf(memberOf(body, '_links'), 'next')
  if (typeof next !== 'string') return null
  const { searchParams } = new URL(next, 'http://host.invalid')
  return searchParams.get('cursor')
}

async function readGroups(ask: AskAsApp, accountId: string): Promise<ReadonlySet<string>> {
  const groups = new Set<string>()
  let start = 0
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { accountId, start, limit: PAGE_SIZE }
    const answer = await ask({ method: 'GET', path: '/rest/api/user/memberof', query })
    if (answer.status !== 200) throw new OddAnswer(`the host answered ${answer.status}`)
    const results = listOf(answer.body, 'results')
    for (const group of results) {
      const id = memberOf(group, 'id')
      if (typeof id === 'string') groups.add(id)
    }
    start += results.length
    // The host may give fewer than it was asked for, and then says how many it gives at most.
    const limit = memberOf(answer.body, 'limit')
    if (results.length === 0 || results.length < (typeof limit === 'number' ? limit : PAGE_SIZE)) return groups
  }
  throw new OddAnswer('the groups of the user do not end')
}
