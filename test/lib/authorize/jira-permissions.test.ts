import fc from 'fast-check'
import t from 'tap'
import { createJiraPermissions } from '../../../lib/authorize/jira-permissions.ts'
import type { Question } from '../../../lib/authorize/question.ts'
import { jiraTenant, json, scriptedHost } from './scripted-host.ts'

const subject = { tenant: jiraTenant, accountId: 'user-1' }
const { signal } = new AbortController()

async function ask(questions: readonly Question[], body: unknown): Promise<readonly boolean[]> {
  const { askHost } = scriptedHost(() => json(body))
  return await createJiraPermissions(askHost).ask(subject, questions, signal)
}

t.test('one call asks for everything, as the app and about the user', async (t) => {
  const { askHost, calls } = scriptedHost(() => json({ globalPermissions: ['ADMINISTER'], projectPermissions: [] }))
  const questions: Question[] = [
    { resource: 'global', id: '', permission: 'ADMINISTER' },
    { resource: 'project', id: '10000', permission: 'BROWSE_PROJECTS' },
    { resource: 'issue', id: '10001', permission: 'BROWSE_PROJECTS' },
    { resource: 'project', id: '10000', permission: 'EDIT_ISSUES' },
    { resource: 'issue', id: '10001', permission: 'EDIT_ISSUES' },
    { resource: 'issue', id: '10002', permission: 'ADD_COMMENTS' }
  ]
  const source = createJiraPermissions(askHost)
  t.strictSame(source.split(questions), [questions])
  t.strictSame(await source.ask(subject, questions, signal), [true, false, false, false, false, false])
  const [call] = calls
  t.equal(call?.method, 'POST')
  t.equal(call?.url.href, 'https://one.example.com/rest/api/3/permissions/check')
  t.equal(call?.actor, 'app')
  t.strictSame(call?.body, {
    accountId: 'user-1',
    globalPermissions: ['ADMINISTER'],
    projectPermissions: [
      { permissions: ['BROWSE_PROJECTS', 'EDIT_ISSUES'], projects: [10000], issues: [10001] },
      { permissions: ['ADD_COMMENTS'], projects: [], issues: [10002] }
    ]
  })
})

t.test('for nobody the call is unsigned and names no account', async (t) => {
  const { askHost, calls } = scriptedHost(() => json({ globalPermissions: [] }))
  const questions = [{ resource: 'global', id: '', permission: 'USER_PICKER' }] as const
  await createJiraPermissions(askHost).ask({ tenant: jiraTenant, accountId: null }, questions, signal)
  t.equal(calls[0]?.actor, 'anonymous')
  t.strictSame(calls[0]?.body, { globalPermissions: ['USER_PICKER'] })
  t.notOk(calls[0]?.headers.has('authorization'))
})

t.test('more than a thousand ids become several calls, and no id is lost or asked twice', async (t) => {
  const ids = Array.from({ length: 2500 }, (_, index) => String(index + 1))
  const questions = ids.flatMap((id) =>
    ['BROWSE_PROJECTS', 'EDIT_ISSUES'].map((permission): Question => ({ resource: 'issue', id, permission }))
  )
  const groups = createJiraPermissions(scriptedHost(() => json({})).askHost).split(questions)
  t.equal(groups.length, 3)
  t.strictSame(groups.flat().length, questions.length)
  for (const group of groups) t.ok(new Set(group.map(({ id }) => id)).size <= 1000)
})

// Small alphabets, so that grants and questions meet often.
const permission = fc.constantFrom('BROWSE_PROJECTS', 'EDIT_ISSUES', 'app__pour')
const id = fc.constantFrom(1, 2, 3)
const resource = fc.constantFrom('project', 'issue')
const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ resource: fc.constant('global' as const), id: fc.constant(''), permission }),
  fc.record({ resource: resource as fc.Arbitrary<'project' | 'issue'>, id: id.map(String), permission })
)
/** Numbers or strings, in any order, with duplicates and with what is no id. */
const written = fc.oneof(id, id.map(String), fc.constantFrom(null, '', '01', -1, 1.5, {}, 'x'))
const grant = fc.record(
  { permission, projects: fc.array(written, { maxLength: 5 }), issues: fc.array(written, { maxLength: 5 }) },
  { requiredKeys: ['permission'] }
)

t.test('what is granted is exactly what the plain set of grants says', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(question, { minLength: 1, maxLength: 8 }),
      fc.array(permission, { maxLength: 3 }),
      fc.array(grant, { maxLength: 6 }),
      async (questions, globalPermissions, projectPermissions) => {
        const oracle = new Set(globalPermissions.map((name) => `global//${name}`))
        for (const { permission, projects = [], issues = [] } of projectPermissions) {
          for (const one of projects) oracle.add(`project/${JSON.stringify(one)}/${permission}`)
          for (const one of issues) oracle.add(`issue/${JSON.stringify(one)}/${permission}`)
        }
        const expected = questions.map(({ resource, id, permission }) =>
          [id, `"${id}"`].some((text) => oracle.has(`${resource}/${text}/${permission}`))
        )
        t.strictSame(await ask(questions, { globalPermissions, projectPermissions }), expected)
      }
    ),
    { numRuns: 300 }
  )
})

t.test('an answer of any other shape is refused, not understood', async (t) => {
  const all: Question[] = [
    { resource: 'global', id: '', permission: 'ADMINISTER' },
    { resource: 'issue', id: '1', permission: 'ADMINISTER' }
  ]
  const good = { globalPermissions: ['ADMINISTER'], projectPermissions: [] }
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.record({ globalPermissions: fc.jsonValue() })), async (body) => {
      const granted = await ask(all, body).catch(() => [false, false])
      t.strictSame(granted, [false, false])
    }),
    { numRuns: 300 }
  )
  for (const member of Object.keys(good)) {
    for (const value of [undefined, null, {}, 'ADMINISTER', 1, true]) {
      await t.rejects(
        ask(all, { ...good, [member]: value }),
        { name: 'OddAnswer' },
        `${member} ${JSON.stringify(value)}`
      )
    }
  }
  await t.rejects(ask(all, { ...good, projectPermissions: [null] }), { name: 'OddAnswer' })
  await t.rejects(ask(all, { ...good, projectPermissions: [{ permission: 'ADMINISTER', issues: 1 }] }), {
    name: 'OddAnswer'
  })
})
