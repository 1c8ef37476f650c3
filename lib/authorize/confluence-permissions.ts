import { type AskAsApp, type AskHost, listOf, memberOf } from './ask-host.ts'
import { OddAnswer, type PermissionSource, type Question } from './question.ts'
import { readSpaceGrants } from './space-permissions.ts'

/**
 * Confluence's three ways of telling what a user may do (connect.md 6.3): on the site, with a space, with one content.
 * There is no call for many of them at once, so each space and each operation on a content is a lookup of its own.
 */
export function createConfluencePermissions(askHost: AskHost): PermissionSource {
  return {
    split(questions) {
      const groups = new Map<string, Question[]>()
      for (const question of questions) {
        const { resource, id, permission } = question
        const key = resource === 'content' ? `${resource} ${id} ${permission}` : `${resource} ${id}`
        const members = groups.get(key) ?? []
        groups.set(key, members)
        members.push(question)
      }
      return [...groups.values()]
    },
    async ask({ tenant, accountId }, questions, signal) {
      // Anonymous visitors are refused before anything is asked; the host would take no account id for the app itself.
      if (accountId === null) throw new OddAnswer('nobody is logged in')
      const ask: AskAsApp = (call) => askHost(tenant, 'app', call, signal)
      const [first] = questions
      if (first === undefined) return []
      if (first.resource === 'content') {
        const granted = await mayOnContent(ask, first, accountId)
        return questions.map(() => granted)
      }
      const granted =
        first.resource === 'space'
          ? await readSpaceGrants(ask, first.id, accountId)
          : await readApplicationGrants(ask, accountId)
      return questions.map(({ permission }) => granted.has(permission))
    }
  }
}

async function readApplicationGrants(ask: AskAsApp, accountId: string): Promise<ReadonlySet<string>> {
  const query = { accountId, expand: 'operations' }
  const answer = await ask({ method: 'GET', path: '/rest/api/user', query })
  if (answer.status !== 200) throw new OddAnswer(`the host answered ${answer.status}`)
  const who = memberOf(answer.body, 'accountId')
  if (who !== undefined && who !== accountId) throw new OddAnswer('the answer is about another user')
  const granted = new Set<string>()
  for (const entry of listOf(answer.body, 'operations')) {
    const operation = memberOf(entry, 'operation')
    if (memberOf(entry, 'targetType') === 'application' && typeof operation === 'string') granted.add(operation)
  }
  return granted
}

async function mayOnContent(ask: AskAsApp, { id, permission }: Question, accountId: string): Promise<boolean> {
  const body = { subject: { type: 'user', identifier: accountId }, operation: permission }
  const answer = await ask({ method: 'POST', path: `/rest/api/content/${id}/permission/check`, body })
  // There is no such content, or not any more: nobody may do anything with it.
  if (answer.status === 404) return false
  const granted = memberOf(answer.body, 'hasPermission')
  const errors = memberOf(answer.body, 'errors') ?? []
  if (typeof granted !== 'boolean' || !Array.isArray(errors)) throw new OddAnswer('the answer is neither yes nor no')
  return granted && errors.length === 0
}
