import { findIssue } from './jira-changes.ts'
import {
  globalPermissions,
  hasGlobalPermission,
  hasIssuePermission,
  hasProjectPermission,
  projectPermissions
} from './permissions.ts'
import { type Caller, member, type RestCall, type RestResult, refusal, stringMember } from './rest-routes.ts'
import type { JiraSite } from './site.ts'
import { findUser } from './users.ts'

/** Jira's bulk check: answers with what is granted, drops ids that it does not know, refuses unknown permissions. */
export function checkPermissions(site: JiraSite, call: RestCall): RestResult {
  const accountId = stringMember(call.body, 'accountId')
  const caller = subjectOf(call.caller, accountId)
  if (caller === undefined) return refusal(403, 'Only administrators and apps may ask for other users.')
  const wantedGlobals = list(member(call.body, 'globalPermissions')).filter((name) => name !== null && name !== '')
  const wantedProjects = list(member(call.body, 'projectPermissions'))
  const names = wantedProjects.flatMap((entry) => list(member(entry, 'permissions')))
  const unknown =
    wantedGlobals.find((name) => !isKnown(site, globalPermissions, 'jiraGlobalPermissions', String(name))) ??
    names.find((name) => !isKnown(site, projectPermissions, 'jiraProjectPermissions', String(name)))
  if (unknown !== undefined) return refusal(400, `Unrecognized permission: ${String(unknown)}`)
  return {
    status: 200,
    body: {
      globalPermissions: wantedGlobals.filter((name) => hasGlobalPermission(site.state, caller, String(name))),
      projectPermissions: wantedProjects.flatMap((entry) =>
        list(member(entry, 'permissions')).map((name) => grant(site, caller, String(name), entry))
      )
    }
  }
}

function grant(site: JiraSite, caller: Caller, permission: string, entry: unknown): object {
  return {
    permission,
    projects: numbers(member(entry, 'projects')).filter((id) => {
      const project = site.state.projects.find((each) => each.id === String(id))
      return project !== undefined && hasProjectPermission(site.state, caller, project, permission)
    }),
    issues: numbers(member(entry, 'issues')).filter((id) => {
      const issue = findIssue(site.state, String(id))
      return issue !== undefined && hasIssuePermission(site.state, caller, issue, permission)
    })
  }
}

/** Jira's own permissions, and `{appKey}__{moduleKey}` of a module of the app. */
function isKnown(site: JiraSite, own: ReadonlySet<string>, moduleType: string, name: string): boolean {
  if (own.has(name)) return true
  const { key, raw } = site.app?.descriptor ?? {}
  return list(member(raw, 'modules', moduleType)).some((module) => name === `${key}__${stringMember(module, 'key')}`)
}

/** Whose permissions are asked for; undefined when the caller may not ask. An account nobody has is nobody. */
function subjectOf(caller: Caller, accountId: string | undefined): Caller | undefined {
  if (accountId === undefined) return caller
  if (caller === 'app' || (caller !== null && (caller.admin || caller.accountId === accountId))) {
    return findUser(accountId) ?? null
  }
  return undefined
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function numbers(value: unknown): number[] {
  return list(value)
    .map(Number)
    .filter((id) => Number.isSafeInteger(id))
}
