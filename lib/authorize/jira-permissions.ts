import { type AskHost, listOf, memberOf } from './ask-host.ts'
import { OddAnswer, type PermissionSource, type Question } from './question.ts'
import { toResourceId } from './resource-id.ts'

/** Jira takes this many projects and as many issues in one call (connect.md 6.1); we count both together. */
const MAX_IDS = 1000

/**
 * Jira's bulk check (connect.md 6.1): one call for any number of permissions of one user. It answers with what is
 * granted and is silent about the rest, so only a grant that names permission and id counts.
 */
export function createJiraPermissions(askHost: AskHost): PermissionSource {
  return {
    split: splitByIds,
    async ask({ tenant, accountId }, questions, signal) {
      const call = {
        method: 'POST',
        path: '/rest/api/3/permissions/check',
        body: bodyFor(accountId, questions)
      } as const
      const answer = await askHost(tenant, accountId === null ? 'anonymous' : 'app', call, signal)
      if (answer.status !== 200) throw new OddAnswer(`the host answered ${answer.status}`)
      const granted = readGrants(answer.body, questions)
      return questions.map((question) => granted.has(textOf(question)))
    }
  }
}

function splitByIds(questions: readonly Question[]): readonly (readonly Question[])[] {
  const places = new Map<string, number>()
  const groups = new Map<number, Question[]>()
  for (const question of questions) {
    let group = 0
    if (question.resource !== 'global') {
      const resource = `${question.resource} ${question.id}`
      const place = places.get(resource) ?? places.size
      places.set(resource, place)
      group = Math.floor(place / MAX_IDS)
    }
    const members = groups.get(group) ?? []
    groups.set(group, members)
    members.push(question)
  }
  return [...groups.values()]
}

interface ProjectPermissions {
  readonly permissions: string[]
  readonly projects: readonly number[]
  readonly issues: readonly number[]
}

function bodyFor(accountId: string | null, questions: readonly Question[]): object {
  const globals = questions.filter(({ resource }) => resource === 'global').map(({ permission }) => permission)
  // Permissions with the same ids share an entry: a small body for the usual case.
  const entries = new Map<string, ProjectPermissions>()
  const names = questions.filter(({ resource }) => resource !== 'global').map(({ permission }) => permission)
  for (const permission of new Set(names)) {
    const ofPermission = questions.filter((question) => question.permission === permission)
    const ids = { projects: idsOf(ofPermission, 'project'), issues: idsOf(ofPermission, 'issue') }
    const key = JSON.stringify(ids)
    const entry = entries.get(key)
    if (entry === undefined) entries.set(key, { permissions: [permission], ...ids })
    else entry.permissions.push(permission)
  }
  return {
    ...(accountId === null ? {} : { accountId }),
    ...(globals.length === 0 ? {} : { globalPermissions: [...new Set(globals)] }),
    ...(entries.size === 0 ? {} : { projectPermissions: [...entries.values()] })
  }
}

function idsOf(questions: readonly Question[], resource: 'project' | 'issue'): number[] {
  return [...new Set(questions.filter((question) => question.resource === resource).map(({ id }) => Number(id)))]
}

/** Grants as the texts of the questions they answer. Throws OddAnswer where a list that was asked for is missing. */
function readGrants(body: object, questions: readonly Question[]): ReadonlySet<string> {
  const granted = new Set<string>()
  if (questions.some(({ resource }) => resource === 'global')) {
    for (const permission of listOf(body, 'globalPermissions')) {
      if (typeof permission === 'string') granted.add(textOf({ resource: 'global', id: '', permission }))
    }
  }
  if (questions.some(({ resource }) => resource !== 'global')) {
    for (const entry of listOf(body, 'projectPermissions')) {
      const permission = memberOf(entry, 'permission')
      if (typeof permission !== 'string') throw new OddAnswer('a grant names no permission')
      for (const id of idsIn(entry, 'projects')) granted.add(textOf({ resource: 'project', id, permission }))
      for (const id of idsIn(entry, 'issues')) granted.add(textOf({ resource: 'issue', id, permission }))
    }
  }
  return granted
}

/** A grant for projects alone may leave the list of issues out, and the other way round. */
function idsIn(entry: unknown, name: 'projects' | 'issues'): string[] {
  const given = memberOf(entry, name)
  if (given === undefined || given === null) return []
  return listOf(entry, name)
    .map(toResourceId)
    .filter((id) => id !== null)
}

function textOf({ resource, id, permission }: Question): string {
  return `${resource} ${id} ${permission}`
}
