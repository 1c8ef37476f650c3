import fc from 'fast-check'
import t from 'tap'
import { createAuthorizer } from '../../../lib/authorize/authorizer.ts'
import { parseConfluenceRequirements, parseJiraRequirements } from '../../../lib/authorize/requirements.ts'
import { jiraTenant, json, scriptedHost, stillClock, watchedLog, wikiTenant } from './scripted-host.ts'

function authorizerFor(host: ReturnType<typeof scriptedHost>) {
  const { log } = watchedLog()
  return createAuthorizer({
    askHost: host.askHost,
    clock: stillClock(),
    log,
    cacheMs: 5000,
    maxCached: 100,
    timeoutMs: 1000
  })
}

const names = ['BROWSE_PROJECTS', 'EDIT_ISSUES', 'ADD_COMMENTS']
const required = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 })
const requirements = fc
  .record({ global: required, project: required, issue: required }, { requiredKeys: [] })
  .filter((given) => Object.keys(given).length > 0)
const someId = fc.option(fc.constantFrom('1', 2, '3'), { nil: undefined })
// Often everything, so that a good part is allowed.
const granted = fc.oneof(fc.constant(names), fc.subarray(names))
const grants = fc.record({ global: granted, project: granted, issue: granted })

t.test('all that is required is granted for all that is named, or the request is refused', async (t) => {
  let passed = 0
  await fc.assert(
    fc.asyncProperty(requirements, someId, someId, grants, fc.boolean(), async (given, project, issue, has, asText) => {
      // The host grants for exactly these ids, one entry a permission, in an order of its own.
      const write = (id: string | number | undefined) => (id === undefined ? [] : [asText ? String(id) : Number(id)])
      const projectPermissions = names.toReversed().map((permission) => ({
        permission,
        projects: has.project.includes(permission) ? write(project) : [],
        issues: has.issue.includes(permission) ? write(issue) : []
      }))
      const authorizer = authorizerFor(scriptedHost(() => json({ globalPermissions: has.global, projectPermissions })))
      const context = { jira: { project: { id: project }, issue: { id: issue } } } as never
      const subject = { tenant: jiraTenant, accountId: 'user-1' }

      const all = (wanted: readonly string[] = [], owned: readonly string[]) =>
        wanted.every((one) => owned.includes(one))
      const missing =
        (given.project !== undefined && project === undefined && issue === undefined) ||
        (given.issue !== undefined && issue === undefined)
      const allowed =
        all(given.global, has.global) &&
        (project === undefined || all(given.project, has.project)) &&
        (issue === undefined || all([...(given.project ?? []), ...(given.issue ?? [])], has.issue))

      const result = await authorizer
        .authorize(parseJiraRequirements(given), { subject, context, request: null })
        .catch((error: unknown) => Reflect.get(Object(error), 'code'))
      if (missing) t.equal(result, 'ATL_CONTEXT_MISSING')
      else if (!allowed) t.equal(result, 'ATL_FORBIDDEN')
      else {
        passed += 1
        const text = (id: string | number | undefined) => (id === undefined ? null : String(id))
        t.match(result, {
          projectId: given.project === undefined ? null : text(project),
          issueId: given.project === undefined && given.issue === undefined ? null : text(issue),
          contentId: null,
          spaceId: null
        })
      }
    }),
    { numRuns: 400 }
  )
  t.ok(passed > 40, `${passed} of 400 were allowed`)
})

t.test('a resolver that fails: its own status is kept, everything else is a missing id', async (t) => {
  const authorizer = authorizerFor(scriptedHost(() => json({ hasPermission: true })))
  const asked = { subject: { tenant: wikiTenant, accountId: 'user-1' }, context: {}, request: null }
  const read = (contentId: () => unknown) =>
    authorizer.authorize(parseConfluenceRequirements({ content: 'read', contentId }), asked)
  await t.rejects(
    read(() => {
      throw Object.assign(new Error('gone'), { statusCode: 410 })
    }),
    { message: 'gone', statusCode: 410 } as never
  )
  await t.rejects(
    read(async () => {
      throw new TypeError('Cannot read properties of undefined')
    }),
    { code: 'ATL_CONTEXT_MISSING', statusCode: 403 }
  )
  await t.rejects(
    read(() => undefined),
    { code: 'ATL_CONTEXT_MISSING' }
  )
  t.match(await read(async () => 42), { contentId: '42', permissions: { content: ['read'] } })
})

t.test(
  'a thousand issues are filtered in one call and known ones in none; more are refused before anything is asked',
  async (t) => {
    const host = scriptedHost(({ body }) => {
      const [entry] = Reflect.get(Object(body), 'projectPermissions')
      const issues = entry.issues.filter((id: number) => id % 3 !== 0)
      return json({
        projectPermissions: entry.permissions.map((permission: string) => ({ permission, projects: [], issues }))
      })
    })
    const clock = stillClock()
    const { log } = watchedLog()
    const authorizer = createAuthorizer({
      askHost: host.askHost,
      clock,
      log,
      cacheMs: 5000,
      maxCached: 10_000,
      timeoutMs: 1000
    })
    const subject = { tenant: jiraTenant, accountId: 'user-1' }
    const ids = Array.from({ length: 1000 }, (_, index) => index + 1)
    const expected = ids.filter((id) => id % 3 !== 0)
    t.strictSame(await authorizer.filterAllowed(subject, ids, ['BROWSE_PROJECTS', 'EDIT_ISSUES']), expected)
    t.equal(host.calls.length, 1)
    t.strictSame(await authorizer.filterAllowed(subject, ids.slice(0, 10), ['EDIT_ISSUES']), expected.slice(0, 7))
    t.equal(host.calls.length, 1)
    await t.rejects(authorizer.filterAllowed(subject, [...ids, 1001], ['BROWSE_PROJECTS']), {
      code: 'ATL_OPTION',
      message: 'Option "filterAllowed().ids" is an array of 1001, but it must have at most 1000 ids'
    })
    t.equal(host.calls.length, 1)
  }
)

t.test('an id that nothing is asked of may be anything', async (t) => {
  const authorizer = authorizerFor(
    scriptedHost(({ url }) =>
      json(url.pathname.endsWith('/user') ? { operations: [{ operation: 'use', targetType: 'application' }] } : {})
    )
  )
  const context = { confluence: { content: { id: 'att42' }, space: { id: '~ada' } } }
  const asked = { subject: { tenant: wikiTenant, accountId: 'user-1' }, context, request: null }
  const granted = await authorizer.authorize(parseConfluenceRequirements({ application: 'use' }), asked)
  t.match(granted, { contentId: null, spaceId: null, permissions: { application: ['use'] } })
  await t.rejects(authorizer.authorize(parseConfluenceRequirements({ content: 'read' }), asked), {
    code: 'ATL_CONTEXT_MISSING'
  })
})
