import fc from 'fast-check'
import t from 'tap'
import { createConfluencePermissions } from '../../../lib/authorize/confluence-permissions.ts'
import type { Question } from '../../../lib/authorize/question.ts'
import { json, type SeenCall, scriptedHost, wikiTenant } from './scripted-host.ts'

const subject = { tenant: wikiTenant, accountId: 'user-1' }
const { signal } = new AbortController()
const ofSpace = (...permissions: string[]): Question[] =>
  permissions.map((permission) => ({ resource: 'space', id: '7', permission }))

t.test('each space, each operation on a content, and the site are lookups of their own', async (t) => {
  const questions: Question[] = [
    { resource: 'application', id: '', permission: 'use' },
    { resource: 'content', id: '1', permission: 'read' },
    { resource: 'application', id: '', permission: 'administer' },
    ...ofSpace('read', 'administer'),
    { resource: 'content', id: '1', permission: 'update' }
  ]
  const groups = createConfluencePermissions(scriptedHost(() => json({})).askHost).split(questions)
  t.strictSame(
    groups.map((group) => group.map(({ resource, permission }) => `${resource} ${permission}`)),
    [
      ['application use', 'application administer'],
      ['content read'],
      ['space read', 'space administer'],
      ['content update']
    ]
  )
})

t.test('a content is asked about below the base path, in the documented words', async (t) => {
  const { askHost, calls } = scriptedHost(() => json({ hasPermission: true, errors: [] }))
  const questions = [{ resource: 'content', id: '42', permission: 'update' }] as const
  t.strictSame(await createConfluencePermissions(askHost).ask(subject, questions, signal), [true])
  const [call] = calls
  t.equal(call?.url.href, 'https://one.example.com/wiki/rest/api/content/42/permission/check')
  t.equal(call?.headers.get('x-atlassian-token'), 'no-check')
  t.strictSame(call?.body, { subject: { type: 'user', identifier: 'user-1' }, operation: 'update' })
})

t.test('a yes with errors is a no, and neither yes nor no is refused', async (t) => {
  const questions = [{ resource: 'content', id: '42', permission: 'read' }] as const
  const ask = (body: unknown, status = 200) =>
    createConfluencePermissions(scriptedHost(() => json(body, status)).askHost).ask(subject, questions, signal)
  t.strictSame(await ask({ hasPermission: true }), [true])
  t.strictSame(await ask({ hasPermission: false }), [false])
  t.strictSame(await ask({ hasPermission: true, errors: [{ translation: 'no', args: [] }] }), [false])
  t.strictSame(await ask({ hasPermission: true }, 404), [false])
  for (const body of [{}, { hasPermission: 'true' }, { hasPermission: 1 }, { hasPermission: true, errors: 'no' }]) {
    await t.rejects(ask(body), { name: 'OddAnswer' }, JSON.stringify(body))
  }
})

t.test('the site: only operations on the application count', async (t) => {
  const operations = [
    { operation: 'use', targetType: 'application' },
    { operation: 'administer', targetType: 'space' },
    { operation: 'create_space' },
    null
  ]
  const { askHost, calls } = scriptedHost(() => json({ accountId: 'user-1', operations }))
  const questions = ['use', 'administer', 'create_space'].map(
    (permission): Question => ({ resource: 'application', id: '', permission })
  )
  t.strictSame(await createConfluencePermissions(askHost).ask(subject, questions, signal), [true, false, false])
  t.equal(calls[0]?.url.href, 'https://one.example.com/wiki/rest/api/user?accountId=user-1&expand=operations')
})

/** A host with these assignments and groups, in pages of the given size. */
function spaceHost(assignments: readonly unknown[], groups: readonly string[], pageSize = 1000) {
  return scriptedHost(({ url }: SeenCall) => {
    if (url.pathname.endsWith('/memberof')) {
      const start = Number(url.searchParams.get('start'))
      const results = groups.slice(start, start + pageSize).map((id) => ({ type: 'group', id, name: id }))
      return json({ results, start, limit: pageSize, size: results.length })
    }
    const start = Number(url.searchParams.get('cursor') ?? 0)
    const end = start + pageSize
    const next = `/wiki/api/v2/spaces/7/permissions?cursor=${end}`
    return json({ results: assignments.slice(start, end), _links: end < assignments.length ? { next } : {} })
  })
}

const principal = fc.oneof(
  fc.record({
    type: fc.constantFrom('user', 'group', 'role', 'USER'),
    id: fc.constantFrom('user-1', 'user-2', 'a', 'b')
  }),
  fc.constantFrom(null, {}, 'user-1', { type: 'user' }, { id: 'user-1' })
)
const operation = fc.oneof(
  fc.record({ key: fc.constantFrom('read', 'administer', 'create'), targetType: fc.constantFrom('space', 'page') }),
  fc.constantFrom(null, {}, { key: 'read' }, 'read')
)

t.test('a space: what is assigned to the user or one of the groups, over all pages, and nothing else', async (t) => {
  const permissions = ['read', 'administer', 'create:page', 'read:page', 'create', 'export']
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ principal, operation }), { maxLength: 12 }),
      fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
      fc.integer({ min: 1, max: 5 }),
      async (assignments, groups, pageSize) => {
        const oracle = new Set<string>()
        const mine = new Set([
          '{"type":"user","id":"user-1"}',
          ...groups.map((id) => JSON.stringify({ type: 'group', id }))
        ])
        for (const { principal, operation } of assignments) {
          if (!mine.has(JSON.stringify(principal))) continue
          const { key, targetType } = Object(operation)
          oracle.add(`${key}:${targetType}`)
          if (targetType === 'space') oracle.add(String(key))
        }
        const source = createConfluencePermissions(spaceHost(assignments, groups, pageSize).askHost)
        const granted = await source.ask(subject, ofSpace(...permissions), signal)
        t.strictSame(
          granted,
          permissions.map((name) => oracle.has(name))
        )
      }
    ),
    { numRuns: 200 }
  )
})

t.test('a list that does not end is refused, and so is a link to somewhere else', async (t) => {
  const { askHost, calls } = scriptedHost(({ url }) =>
    url.pathname.endsWith('/memberof')
      ? json({ results: [], start: 0, limit: 200, size: 0 })
      : json({ results: [], _links: { next: 'https://evil.test/x?cursor=again' } })
  )
  await t.rejects(createConfluencePermissions(askHost).ask(subject, ofSpace('read'), signal), { name: 'OddAnswer' })
  t.ok(calls.length < 30)
  t.ok(calls.every(({ url }) => url.hostname === 'one.example.com'))
})
