import { textOf } from './adf.ts'
import { attachFiles } from './jira-attachments.ts'
import {
  commentIssue,
  createIssue,
  deleteIssue,
  deleteIssueProperty,
  findIssue,
  type IssueFields,
  setIssueProperty,
  updateIssue
} from './jira-changes.ts'
import { type ApiVersion, appUserJson, commentJson, issueJson, projectJson, userJson } from './jira-json.ts'
import { hasIssuePermission, hasProjectPermission } from './permissions.ts'
import { dynamicWebhookRoutes } from './rest-dynamic-webhooks.ts'
import { checkPermissions } from './rest-jira-permissions.ts'
import { member, type RestCall, type RestResult, type RestRoute, refusal, route, stringMember } from './rest-routes.ts'
import type { JiraSite } from './site.ts'
import type { JiraIssue } from './site-state.ts'
import { findUser } from './users.ts'

const knownFields = new Set([
  'summary',
  'description',
  'assignee',
  'project',
  'issuetype',
  'status',
  'comment',
  'reporter'
])

export const jiraRoutes: readonly RestRoute<JiraSite>[] = (['3', '2'] as const).flatMap((version) =>
  routesOf(`/rest/api/${version}`, version)
)

function routesOf(api: string, version: ApiVersion): RestRoute<JiraSite>[] {
  return [
    route(`GET ${api}/myself`, (site, { caller }) => {
      if (caller === null) return refusal(401, 'Log in first.')
      return { status: 200, body: caller === 'app' ? appUserJson(site, version) : userJson(site, caller, version) }
    }),
    route(`GET ${api}/user`, (site, { query }) => {
      const user = findUser(query.get('accountId'))
      return user === undefined ? refusal(404, 'No such user.') : { status: 200, body: userJson(site, user, version) }
    }),
    route(`GET ${api}/serverInfo`, (site) => ({
      status: 200,
      body: { baseUrl: site.baseUrl, version: '1001.0.0-SNAPSHOT', deploymentType: 'Cloud', serverTitle: site.name }
    })),
    route(`GET ${api}/project`, (site, { caller }) => ({
      status: 200,
      body: site.state.projects
        .filter((project) => hasProjectPermission(site.state, caller, project, 'BROWSE_PROJECTS'))
        .map((project) => projectJson(site, project, version))
    })),
    route(`GET ${api}/project/:key`, (site, { caller }, wanted) => {
      const project = site.state.projects.find((each) => each.key === wanted || each.id === wanted)
      return project === undefined || !hasProjectPermission(site.state, caller, project, 'BROWSE_PROJECTS')
        ? refusal(404, `No project could be found with key '${wanted}'.`)
        : { status: 200, body: projectJson(site, project, version) }
    }),
    route(`POST ${api}/issue`, (site, call) => postIssue(site, call, version)),
    route(`GET ${api}/issue/:key`, (site, call, key) =>
      onIssue(site, call, key, 'BROWSE_PROJECTS', (issue) => ({
        status: 200,
        body: issueJson(site, issue, version, wantedFields(call.query))
      }))
    ),
    route(`PUT ${api}/issue/:key`, (site, call, key) =>
      onIssue(site, call, key, 'EDIT_ISSUES', (issue) => ({
        status: 204,
        events: updateIssue(issue, fieldsOf(call.body), otherFieldsOf(call.body), call.actor)
      }))
    ),
    route(`DELETE ${api}/issue/:key`, (site, call, key) =>
      onIssue(site, call, key, 'DELETE_ISSUES', (issue) => ({
        status: 204,
        events: deleteIssue(site.state, issue, call.actor)
      }))
    ),
    route(`GET ${api}/issue/:key/comment`, (site, call, key) =>
      onIssue(site, call, key, 'BROWSE_PROJECTS', (issue) => {
        const comments = issue.comments.map((comment) => commentJson(site, issue, comment, version))
        return { status: 200, body: { startAt: 0, maxResults: 5000, total: comments.length, comments } }
      })
    ),
    route(`POST ${api}/issue/:key/comment`, (site, call, key) =>
      onIssue(site, call, key, 'ADD_COMMENTS', (issue) => {
        const text = textOf(member(call.body, 'body'))
        if (text.trim() === '') return refusal(400, 'Comment body can not be empty!')
        const { comment, events } = commentIssue(site.state, issue, text, call.actor)
        return { status: 201, body: commentJson(site, issue, comment, version), events }
      })
    ),
    route(`POST ${api}/issue/:key/attachments`, (site, call, key) =>
      onIssue(site, call, key, 'CREATE_ATTACHMENTS', (issue) => attachFiles(site, call, issue))
    ),
    route(`GET ${api}/issue/:key/properties`, (site, call, key) =>
      onIssue(site, call, key, 'BROWSE_PROJECTS', (issue) => ({
        status: 200,
        body: { keys: [...issue.properties.keys()].map((name) => ({ key: name })) }
      }))
    ),
    route(`GET ${api}/issue/:key/properties/:property`, (site, call, key, property = '') =>
      onIssue(site, call, key, 'BROWSE_PROJECTS', (issue) =>
        issue.properties.has(property)
          ? { status: 200, body: { key: property, value: issue.properties.get(property) } }
          : refusal(404, 'The property does not exist.')
      )
    ),
    route(`PUT ${api}/issue/:key/properties/:property`, (site, call, key, property = '') =>
      onIssue(site, call, key, 'EDIT_ISSUES', (issue) => {
        if (call.body === undefined) return refusal(400, 'The value has to be JSON.')
        const status = issue.properties.has(property) ? 200 : 201
        return { status, events: setIssueProperty(issue, property, call.body, call.actor) }
      })
    ),
    route(`DELETE ${api}/issue/:key/properties/:property`, (site, call, key, property = '') =>
      onIssue(site, call, key, 'EDIT_ISSUES', (issue) =>
        issue.properties.has(property)
          ? { status: 204, events: deleteIssueProperty(issue, property, call.actor) }
          : refusal(404, 'The property does not exist.')
      )
    ),
    route(`GET ${api}/search`, (site, call) => search(site, call, version)),
    route(`GET ${api}/search/jql`, (site, call) => search(site, call, version)),
    route(`POST ${api}/permissions/check`, checkPermissions),
    ...dynamicWebhookRoutes(api)
  ]
}

/** Reading needs the permission to browse first: who may not see an issue is not told that it exists. */
function onIssue(
  site: JiraSite,
  call: RestCall,
  key: string | undefined,
  permission: string,
  answer: (issue: JiraIssue) => RestResult
): RestResult {
  const issue = findIssue(site.state, key ?? '')
  if (issue === undefined || !hasIssuePermission(site.state, call.caller, issue, 'BROWSE_PROJECTS')) {
    return refusal(404, 'Issue does not exist or you do not have permission to see it.')
  }
  if (!hasIssuePermission(site.state, call.caller, issue, permission)) {
    return refusal(call.caller === null ? 401 : 403, 'You do not have permission to do this.')
  }
  return answer(issue)
}

function postIssue(site: JiraSite, call: RestCall, version: ApiVersion): RestResult {
  const wanted =
    stringMember(call.body, 'fields', 'project', 'key') ?? stringMember(call.body, 'fields', 'project', 'id')
  const project = site.state.projects.find((each) => each.key === wanted || each.id === wanted)
  if (project === undefined) return refusal(400, 'Specify a valid project ID or key')
  if (!hasProjectPermission(site.state, call.caller, project, 'CREATE_ISSUES')) {
    return refusal(call.caller === null ? 401 : 403, 'You do not have permission to create issues in this project.')
  }
  const fields = { ...fieldsOf(call.body), issueType: stringMember(call.body, 'fields', 'issuetype', 'name') }
  if (!fields.summary) return refusal(400, 'You must specify a summary of the issue.')
  const { issue, events } = createIssue(site.state, project.key, fields, call.actor)
  for (const [name, value] of otherFieldsOf(call.body)) issue.otherFields.set(name, value)
  const self = `${site.baseUrl}/rest/api/${version}/issue/${issue.id}`
  return { status: 201, body: { id: issue.id, key: issue.key, self }, events }
}

function fieldsOf(body: unknown): IssueFields {
  const description = member(body, 'fields', 'description')
  const assignee = member(body, 'fields', 'assignee')
  return {
    summary: stringMember(body, 'fields', 'summary'),
    ...(description === undefined ? {} : { description: textOf(description) }),
    ...(assignee === undefined ? {} : { assignee: stringMember(assignee, 'accountId') ?? null })
  }
}

function otherFieldsOf(body: unknown): Map<string, unknown> {
  const fields = member(body, 'fields')
  if (typeof fields !== 'object' || fields === null) return new Map()
  return new Map(Object.entries(fields).filter(([name]) => !knownFields.has(name)))
}

function wantedFields(query: URLSearchParams): Set<string> | null {
  const names = query.getAll('fields').flatMap((list) => list.split(','))
  return names.length === 0 || names.includes('*all') || names.includes('*navigable') ? null : new Set(names)
}

/** Understands `project = KEY` and nothing more; anything else finds every issue that the caller may see. */
function search(site: JiraSite, call: RestCall, version: ApiVersion): RestResult {
  const projectKey = /\bproject\s*=\s*"?([\w-]+)"?/i.exec(call.query.get('jql') ?? '')?.[1]
  const issues = site.state.issues.filter((issue) => {
    const visible = hasIssuePermission(site.state, call.caller, issue, 'BROWSE_PROJECTS')
    return visible && (projectKey === undefined || issue.projectKey === projectKey)
  })
  const wanted = wantedFields(call.query)
  return {
    status: 200,
    body: {
      startAt: 0,
      maxResults: 50,
      total: issues.length,
      isLast: true,
      issues: issues.map((issue) => issueJson(site, issue, version, wanted))
    }
  }
}
