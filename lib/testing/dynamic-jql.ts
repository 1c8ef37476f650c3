import type { JiraIssue } from './site-state.ts'

/** Whether an issue fits. */
export type IssueFilter = (issue: JiraIssue) => boolean

type Reader = (issue: JiraIssue) => string | null

const readers: Readonly<Record<string, Reader>> = {
  issuekey: (issue) => issue.key,
  project: (issue) => issue.projectKey,
  issuetype: (issue) => issue.issueType,
  status: (issue) => issue.status,
  assignee: (issue) => issue.assignee,
  reporter: (issue) => issue.reporter
}

/** The filter of a dynamic webhook: clauses joined by AND, of the fields and operators that Jira takes there. */
export function parseDynamicJql(jql: string): IssueFilter | { readonly error: string } {
  const clauses = jql.trim().split(/\s+AND\s+/i)
  const filters: IssueFilter[] = []
  for (const clause of clauses) {
    const [, field = clause, rest = ''] = /^\s*([\w.[\]]+)(.*)$/s.exec(clause) ?? []
    const [, operator, value = ''] = /^\s*(=|!=|NOT\s+IN|IN)\s*(.+)$/is.exec(rest.trimEnd()) ?? []
    const read = Object.hasOwn(readers, field.toLowerCase()) ? readers[field.toLowerCase()] : undefined
    if (read === undefined || operator === undefined) return { error: `The clause ${field} is unsupported` }
    const isList = /in$/i.test(operator)
    if (isList !== /^\(.*\)$/s.test(value)) return { error: `The value of ${field} is not valid for ${operator}` }
    const wanted = (isList ? value.slice(1, -1).split(',') : [value]).map((one) => unquoted(one).toLowerCase())
    const isNegative = /^(?:!=|not)/i.test(operator)
    filters.push((issue) => wanted.includes((read(issue) ?? 'empty').toLowerCase()) !== isNegative)
  }
  return (issue) => filters.every((fits) => fits(issue))
}

function unquoted(value: string): string {
  return value.trim().replace(/^(["'])(.*)\1$/s, '$2')
}
