import t from 'tap'
import { silentLog } from '../../../lib/ports.ts'
import { createLookupBudget } from '../../../lib/tenant/lookup-budget.ts'

interface Found {
  readonly name: string
}

async function* none(): AsyncIterable<string> {}

/** A budget of 2 a second (10 at once), look-ups that end when the test says so, and a clock that the test moves. */
function setUp(names: () => AsyncIterable<string> = none) {
  let nowMs = 1_000_000
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) }
  const budget = createLookupBudget({ clock: () => nowMs, perSecond: 2, names, log })
  const begun: { name: string; settle(found: Found | null | Error): Promise<void> }[] = []
  const spend = (name: string): Promise<string> =>
    budget
      .spend(
        name,
        () =>
          new Promise<Found | null>((resolve, reject) => {
            begun.push({
              name,
              settle(found) {
                if (found instanceof Error) reject(found)
                else resolve(found)
                return new Promise((done) => setImmediate(done))
              }
            })
          })
      )
      .then(
        (found) => (found === null ? 'nobody' : 'found'),
        (error: Error) => (/too many/.test(error.message) ? 'refused' : 'failed')
      )
  return {
    budget,
    warnings,
    begun,
    spend,
    names: () => begun.map(({ name }) => name),
    pass(ms: number) {
      nowMs += ms
    }
  }
}

const found = (name: string): Found => ({ name })
const turn = () => new Promise((done) => setImmediate(done))

t.test('look-ups that find nothing use it up, and time fills it again', async (t) => {
  const { spend, begun, pass } = setUp()
  for (let i = 0; i < 10; i++) {
    const looking = spend(`made-up-${i}`)
    await turn()
    await begun[i]?.settle(null)
    t.equal(await looking, 'nobody')
  }
  t.equal(await spend('one too many'), 'refused')
  t.equal(begun.length, 10, 'it was refused without asking')
  pass(500)
  const later = spend('later')
  await turn()
  await begun[10]?.settle(null)
  t.equal(await later, 'nobody')
  t.equal(await spend('and no more'), 'refused')
  pass(3_600_000)
  const all = Array.from({ length: 30 }, (_, i) => spend(`night-${i}`))
  await turn()
  t.equal(begun.length, 21, 'a quiet hour saves no more than five seconds')
  for (const one of begun) await one.settle(null)
  t.same(
    (await Promise.all(all)).filter((end) => end === 'refused'),
    Array.from({ length: 20 }, () => 'refused')
  )
})

t.test('any number of real tenants may ask at once: each that is found lets the next one in', async (t) => {
  const budget = createLookupBudget({ clock: () => 0, perSecond: 1, names: none, log: silentLog })
  let together = 0
  let most = 0
  const lookUp = async (name: string) => {
    most = Math.max(most, ++together)
    await turn()
    together--
    return found(name)
  }
  const names = Array.from({ length: 30_000 }, (_, i) => `tenant-${i}`)
  const answers = await Promise.all(names.map((name) => budget.spend(name, () => lookUp(name))))
  t.ok(answers.every((answer, i) => answer?.name === names[i]))
  t.ok(most <= 5, `${most} at the same time`)
})

t.test('those who wait are refused when nothing can be given back any more', async (t) => {
  const { spend, begun, names } = setUp()
  const first = Array.from({ length: 10 }, (_, i) => spend(`first-${i}`))
  const waiting = [spend('a'), spend('b'), spend('c')]
  await turn()
  t.equal(begun.length, 10)
  await begun[0]?.settle(found('first-0'))
  t.equal(names().at(-1), 'a', 'in order of arrival')
  for (const one of begun.slice(1)) await one.settle(null)
  t.same(await Promise.all(waiting), ['nobody', 'refused', 'refused'])
  t.same(new Set(await Promise.all(first)), new Set(['found', 'nobody']))
})

t.test('a look-up that fails is thrown on and costs nothing', async (t) => {
  const { spend, begun } = setUp()
  for (let i = 0; i < 25; i++) {
    const looking = spend(`made-up-${i}`)
    await turn()
    await begun[i]?.settle(new Error('connection lost'))
    t.equal(await looking, 'failed')
  }
})

t.test('an expected name is looked up whatever others used up', async (t) => {
  const { budget, spend, begun } = setUp()
  for (let i = 0; i < 10; i++) {
    const looking = spend(`made-up-${i}`)
    await turn()
    await begun[i]?.settle(null)
    await looking
  }
  t.equal(await spend('acme'), 'refused')
  budget.expect('acme')
  for (let i = 10; i < 12; i++) {
    const looking = spend('acme')
    await turn()
    await begun[i]?.settle(i === 10 ? null : found('acme'))
    t.equal(await looking, i === 10 ? 'nobody' : 'found')
  }
})

t.test('a clock that is set back fills nothing and empties nothing', async (t) => {
  const { spend, begun, pass } = setUp()
  pass(-60_000)
  const looking = spend('acme')
  await turn()
  await begun[0]?.settle(null)
  t.equal(await looking, 'nobody')
})

t.test('a flood makes the names of all tenants be read once a minute, and whoever is among them passes', async (t) => {
  let reads = 0
  const { spend, begun, pass, warnings } = setUp(async function* () {
    reads++
    if (reads === 2) throw new Error('connection lost')
    yield* ['acme', 'brew']
  })
  const all = Array.from({ length: 12 }, (_, i) => spend(`made-up-${i}`))
  for (const one of [...begun]) await one.settle(null)
  await Promise.all(all)
  for (let i = 0; i < 5; i++) t.equal(await spend(`more-${i}`), 'refused')
  t.equal(reads, 1)
  t.equal(warnings.length, 1, 'and it is told')
  const passing = ['acme', 'brew'].map(spend)
  for (const one of begun.slice(10)) await one.settle(found(one.name))
  t.same(await Promise.all(passing), ['found', 'found'])

  pass(60_000)
  const later = Array.from({ length: 12 }, (_, i) => spend(`later-${i}`))
  for (const one of begun.slice(12)) await one.settle(null)
  await Promise.all(later)
  t.equal(await spend('one more'), 'refused')
  t.equal(reads, 2)
  t.equal(warnings.length, 3, 'a reading that fails is told, and harms nobody')
})
