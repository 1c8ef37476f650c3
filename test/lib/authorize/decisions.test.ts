import t from 'tap'
import { createDecisions, type DecisionsOptions } from '../../../lib/authorize/decisions.ts'
import type { PermissionSource, Question } from '../../../lib/authorize/question.ts'
import { jiraTenant, stillClock, watchedLog } from './scripted-host.ts'

const subject = { tenant: jiraTenant, accountId: 'user-1' }
const browse: Question = { resource: 'issue', id: '1', permission: 'BROWSE_PROJECTS' }
const edit: Question = { resource: 'issue', id: '1', permission: 'EDIT_ISSUES' }

/** Lookups that stay open until the test answers them. */
function heldSource() {
  const open: { questions: readonly Question[]; signal: AbortSignal; answer(granted: boolean): void; fail(): void }[] =
    []
  const source: PermissionSource = {
    split: (questions) => [questions],
    ask(_subject, questions, signal) {
      return new Promise((resolve, reject) => {
        open.push({
          questions,
          signal,
          answer: (granted) => resolve(questions.map(() => granted)),
          fail: () => reject(new Error('down'))
        })
      })
    }
  }
  return { source, open }
}

function decisionsWith(source: PermissionSource, changes: Partial<DecisionsOptions> = {}) {
  const clock = stillClock()
  const { log, lines } = watchedLog()
  const options = { cacheMs: 5000, maxCached: 100, timeoutMs: 5000, clock, log }
  return { clock, lines, ...createDecisions({ ...options, sourceFor: () => source, ...changes }) }
}

t.test('the same question at the same time is one lookup, another question another one', async (t) => {
  const { source, open } = heldSource()
  const { decide } = decisionsWith(source, { cacheMs: 0 })
  const same = [decide(subject, [browse]), decide(subject, [{ ...browse }]), decide(subject, [browse])]
  const other = [
    decide(subject, [edit]),
    decide({ ...subject, accountId: 'user-2' }, [browse]),
    decide({ ...subject, accountId: null }, [browse]),
    decide({ ...subject, tenant: { ...jiraTenant, tenantId: 'tenant-2' } }, [browse]),
    decide({ ...subject, tenant: { ...jiraTenant, clientKey: 'other' } }, [browse]),
    decide({ ...subject, tenant: { ...jiraTenant, version: 2 } }, [browse])
  ]
  await new Promise(setImmediate)
  t.equal(open.length, 7)
  open[0]?.answer(true)
  for (const lookup of open.slice(1)) lookup.answer(false)
  t.strictSame(await Promise.all(same), [[true], [true], [true]])
  t.strictSame(await Promise.all(other), Array(6).fill([false]))
})

t.test(
  'an answer that was on its way when things changed is given to those who asked before, and not kept',
  async (t) => {
    const { source, open } = heldSource()
    const { decide, forget } = decisionsWith(source)
    const before = decide(subject, [browse])
    forget(subject.tenant.tenantId, { resource: 'issue', id: '1' })
    const after = decide(subject, [browse])
    open[0]?.answer(true)
    t.strictSame(await before, [true])
    const later = decide(subject, [browse])
    t.equal(open.length, 2, 'who asks after the change waits for the answer after the change')
    open[1]?.answer(false)
    t.strictSame(await Promise.all([after, later]), [[false], [false]])
    t.strictSame(await decide(subject, [browse]), [false])
    t.equal(open.length, 2)
  }
)

t.test('forgetting one resource leaves the others and other tenants alone', async (t) => {
  let lookups = 0
  const source: PermissionSource = {
    split: (questions) => questions.map((question) => [question]),
    ask: async (_subject, questions) => {
      lookups += 1
      return questions.map(() => true)
    }
  }
  const { decide, forget } = decisionsWith(source)
  const other = { ...subject, tenant: { ...jiraTenant, tenantId: 'tenant-2' } }
  const second: Question = { ...browse, id: '2' }
  const everything = async () => {
    await decide(subject, [browse, second])
    await decide(other, [browse])
    const count = lookups
    lookups = 0
    return count
  }
  t.equal(await everything(), 3)
  t.equal(await everything(), 0)
  forget('tenant-1', { resource: 'issue', id: '1' })
  t.equal(await everything(), 1)
  forget('tenant-1', { resource: 'project', id: '1' })
  t.equal(await everything(), 0)
  forget('tenant-1')
  t.equal(await everything(), 2)
})

t.test('a lookup that fails is told once, refuses all who wait for it, and is not kept', async (t) => {
  const { source, open } = heldSource()
  const { decide, lines } = decisionsWith(source)
  const asked = [decide(subject, [browse]), decide(subject, [browse])]
  open[0]?.fail()
  for (const one of asked) await t.rejects(one, { name: 'LookupFailure', message: 'down' })
  t.equal(lines.length, 1)
  t.match(lines[0], { message: 'permission lookup failed', details: { reason: 'down', tenantId: 'tenant-1' } })
  const again = decide(subject, [browse])
  open[1]?.answer(true)
  t.strictSame(await again, [true])
})

t.test('a lookup that takes too long is refused, and told to stop', async (t) => {
  const { source, open } = heldSource()
  const { decide } = decisionsWith(source, { timeoutMs: 20 })
  await t.rejects(decide(subject, [browse]), { name: 'LookupFailure', message: 'no answer within 20 ms' })
  t.equal(open[0]?.signal.aborted, true)
})

t.test('a source that answers too little, or that throws at once, grants nothing', async (t) => {
  const split = (questions: readonly Question[]) => [questions]
  t.strictSame(await decisionsWith({ split, ask: async () => [] }).decide(subject, [browse, edit]), [false, false])
  const throwing: PermissionSource = {
    split,
    ask() {
      throw new Error('broken')
    }
  }
  await t.rejects(decisionsWith(throwing).decide(subject, [browse]), { name: 'LookupFailure' })
})

t.test('a clock that is set back makes answers old', async (t) => {
  const { source, open } = heldSource()
  const { decide, clock } = decisionsWith(source)
  const first = decide(subject, [browse])
  open[0]?.answer(true)
  await first
  clock.advanceMs(-1)
  const second = decide(subject, [browse])
  t.equal(open.length, 2)
  open[1]?.answer(false)
  t.strictSame(await second, [false])
})

t.test('many lookups of one request run a few at a time', async (t) => {
  let running = 0
  let most = 0
  const source: PermissionSource = {
    split: (questions) => questions.map((question) => [question]),
    async ask(_subject, questions) {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      return questions.map(({ id }) => Number(id) % 2 === 0)
    }
  }
  const questions = Array.from(
    { length: 50 },
    (_, id): Question => ({ resource: 'content', id: String(id), permission: 'read' })
  )
  const granted = await decisionsWith(source).decide(subject, questions)
  t.strictSame(
    granted,
    questions.map((_, id) => id % 2 === 0)
  )
  t.ok(most > 1 && most <= 8, `${most} at a time`)
})

t.test('a question is on its way once, in whatever order and company it is asked', async (t) => {
  for (const cacheMs of [0, 5000]) {
    const { source, open } = heldSource()
    const { decide } = decisionsWith(source, { cacheMs })
    const comment: Question = { ...browse, permission: 'ADD_COMMENTS' }
    const asked = [
      decide(subject, [browse, edit]),
      decide(subject, [edit, browse]),
      decide(subject, [browse]),
      decide(subject, [comment, edit, comment])
    ]
    t.strictSame(
      open.map(({ questions }) => questions),
      [[browse, edit], [comment]],
      'one call for what is new, and nothing twice'
    )
    open[0]?.answer(true)
    open[1]?.answer(false)
    t.strictSame(await Promise.all(asked), [[true, true], [true, true], [true], [false, true, false]])
  }
})

t.test('a lookup that fails refuses all who wait for one of its questions, and nobody else', async (t) => {
  const { source, open } = heldSource()
  const { decide, lines } = decisionsWith(source)
  const both = decide(subject, [browse, edit])
  const more = decide(subject, [edit, { ...browse, id: '2' }])
  const other = decide(subject, [{ ...browse, id: '2' }])
  open[0]?.fail()
  await t.rejects(both, { name: 'LookupFailure' })
  await t.rejects(more, { name: 'LookupFailure' })
  t.equal(open[1]?.signal.aborted, false, 'somebody else still waits for it')
  open[1]?.answer(true)
  t.strictSame(await other, [true])
  t.equal(lines.length, 1)
  t.strictSame(await decide(subject, [{ ...browse, id: '2' }]), [true])
  t.equal(open.length, 2)
})

const contents = (count: number) =>
  Array.from({ length: count }, (_, id): Question => ({ resource: 'content', id: String(id + 1), permission: 'read' }))

/** Each content is a lookup of its own that takes a while, and gives up when it is told to. */
function slowSource(eachMs: number, failing = '') {
  const seen = { asked: 0, stopped: 0 }
  const source: PermissionSource = {
    split: (questions) => questions.map((question) => [question]),
    ask(_subject, questions, signal) {
      seen.asked += 1
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => (questions[0]?.id === failing ? reject(new Error('down')) : resolve(questions.map(() => true))),
          questions[0]?.id === failing ? 1 : eachMs
        )
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          seen.stopped += 1
          reject(new Error('stopped'))
        })
      })
    }
  }
  return { source, seen }
}

t.test('all lookups of one request share one time limit, and stop when it is over', async (t) => {
  const { source, seen } = slowSource(40)
  const { decide, lines } = decisionsWith(source, { timeoutMs: 100 })
  await t.rejects(decide(subject, contents(400)), { name: 'LookupFailure', message: 'no answer within 100 ms' })
  t.ok(seen.asked >= 8 && seen.asked <= 24, `${seen.asked} asked`)
  const { asked } = seen
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(seen.asked, asked, 'nothing is asked any more')
  t.equal(lines.length, 1, 'told once')
})

t.test('after the first failure the other lookups of the request stop, and no more are made', async (t) => {
  const { source, seen } = slowSource(10_000, '3')
  const { decide, lines } = decisionsWith(source, { timeoutMs: 20_000 })
  await t.rejects(decide(subject, contents(400)), { name: 'LookupFailure', message: 'down' })
  await new Promise(setImmediate)
  t.equal(seen.asked, 8)
  t.ok(seen.stopped >= 7, 'all that were under way')
  t.equal(lines.length, 1, 'told once')
})

t.test('a lookup for which another request waits goes on when one request fails', async (t) => {
  const { source, seen } = slowSource(60, '1')
  const { decide } = decisionsWith(source)
  const both = decide(subject, contents(3))
  const other = decide(subject, contents(2).slice(1))
  await t.rejects(both, { message: 'down' })
  const late = decide(subject, contents(3).slice(2))
  t.equal(seen.asked, 4, 'a lookup that was stopped is asked again')
  t.strictSame(await Promise.all([other, late]), [[true], [true]])
})
