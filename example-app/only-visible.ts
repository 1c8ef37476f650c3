import type { FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'
import type { ChecklistSummary } from './checklist-store.ts'

/**
 * The checklists whose issue or page this user may see. The app itself sees nearly everything, so it has to ask the
 * host about the user before it shows more than the one subject that the user's token is about.
 */
export async function onlyVisible(
  request: FastifyRequest,
  summaries: readonly ChecklistSummary[]
): Promise<ChecklistSummary[]> {
  const { accountId, product } = callerOf(request)
  if (accountId === null) return []
  const permission = product === 'jira' ? 'BROWSE_PROJECTS' : 'read'
  // As many as one question may name; a page does not show more.
  const subjects = summaries.slice(0, 1000).map(({ subject }) => subject)
  const visible = new Set(await request.filterAllowed(subjects, [permission]))
  return summaries.filter(({ subject }) => visible.has(subject))
}
