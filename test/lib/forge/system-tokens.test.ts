import t from 'tap'
import { Secret } from '../../../lib/secret.ts'
import { createScene, jira, of, twoProducts } from './scene.ts'

const HOUR = 3600

t.test('a token is written when it comes, and not again while nothing is new', async (t) => {
  const { process, bearer, questions } = await createScene()
  const tokens = process()
  const first = bearer('first', 4 * HOUR)
  await tokens.offer(of, first, jira)
  t.same(questions, ['put'])
  for (let n = 0; n < 1000; n++) {
    t.equal(tokens.offer(of, new Secret(first.reveal()), new Map(jira)), null)
    t.equal(tokens.offer(of, bearer('older', HOUR), jira), null)
  }
  t.equal((await tokens.get(of)).token, first)
  t.same(questions, ['put'])
})

t.test('the token that ends last wins, in every process and in any order', async (t) => {
  const { process, bearer } = await createScene()
  const [one, other, later] = [process(), process(), process()]
  const short = bearer('short', 2 * HOUR)
  const long = bearer('long', 3 * HOUR)
  await Promise.all([one.offer(of, long, jira), other.offer(of, short, jira)])
  t.ok((await one.get(of)).token.equals(long))
  t.ok((await later.get(of)).token.equals(long))
  await other.offer(of, long, jira)
  t.ok((await other.get(of)).token.equals(long))
  t.same([...(await later.get(of)).places], [...jira])
})

t.test('installations, environments and tenants do not see each other’s token', async (t) => {
  const { process, bearer } = await createScene()
  const tokens = process()
  await tokens.offer(of, bearer('mine', HOUR), jira)
  for (const other of [{ installationId: 'x' }, { environmentId: 'x' }, { tenantId: 'tenant-2' }]) {
    for (const each of [tokens, process()]) {
      await t.rejects(each.get({ ...of, ...other }), { code: 'ATL_FORGE_TOKEN_MISSING' })
    }
  }
})

t.test('a product that joined the installation is kept with the token that is there', async (t) => {
  const { process, bearer } = await createScene()
  const token = bearer('one', HOUR)
  const tokens = process()
  await tokens.offer(of, token, jira)
  await tokens.offer(of, token, twoProducts)
  t.same([...(await process().get(of)).places.keys()], ['jira', 'confluence'])
})

t.test('places that the options do not allow any more are left out', async (t) => {
  const { process, bearer } = await createScene()
  const evil = new Map([...jira, ['confluence', 'https://evil.example.com/ex/confluence/1']])
  await process().offer(of, bearer('one', HOUR), evil)
  t.same([...(await process().get(of)).places.keys()], ['jira'])
})

t.test('a token that has ended is not given out, and one that ended before it came is not taken', async (t) => {
  const { process, bearer, clock, questions } = await createScene()
  const tokens = process()
  t.equal(tokens.offer(of, bearer('over', -1), jira), null)
  t.same(questions, [])
  await tokens.offer(of, bearer('one', HOUR), jira)
  clock.nowMs += (HOUR - 29) * 1000
  for (const each of [tokens, process()]) await t.rejects(each.get(of), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  await tokens.offer(of, bearer('two', HOUR), jira)
  await tokens.get(of)
})

t.test('a token whose end cannot be read is good for two hours from its last call, and seldom written', async (t) => {
  const { process, clock, questions } = await createScene()
  for (const text of ['opaque', 'a.b.c', `a.${Buffer.from('{"exp":"soon"}').toString('base64url')}.c`]) {
    const tokens = process()
    const installation = { ...of, installationId: text }
    const token = new Secret(text)
    questions.length = 0
    await tokens.offer(installation, token, jira)
    for (let minute = 0; minute < 180; minute++) {
      clock.nowMs += 60_000
      await tokens.offer(installation, token, jira)
    }
    t.ok(questions.length <= 10, `${questions.length} questions`)
    await tokens.get(installation)
    clock.nowMs += 2 * HOUR * 1000
    await t.rejects(tokens.get(installation), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  }
})

t.test('an end that is too far away is not believed', async (t) => {
  const { process, bearer, clock } = await createScene()
  const tokens = process()
  await tokens.offer(of, bearer('for ever', 1e6 * HOUR), jira)
  clock.nowMs += 24 * HOUR * 1000
  await t.rejects(tokens.get(of), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
})

t.test('a store that fails is told to who waits, and tried again after a while; memory serves meanwhile', async (t) => {
  const { process, bearer, clock, faults, questions } = await createScene()
  const tokens = process()
  const token = bearer('one', 4 * HOUR)
  faults.isBroken = true
  await t.rejects(tokens.offer(of, token, jira) ?? Promise.resolve(), { code: 'ATL_STORE_UNAVAILABLE' })
  t.ok((await tokens.get(of)).token.equals(token))
  t.equal(tokens.offer(of, token, jira), null)
  await t.rejects(process().get(of), { code: 'ATL_STORE_UNAVAILABLE' })
  await t.rejects(tokens.offer(of, token, jira, { mustBeKept: true }) ?? Promise.resolve(), {
    code: 'ATL_STORE_UNAVAILABLE'
  })
  faults.isBroken = false
  clock.nowMs += 30_000
  questions.length = 0
  await tokens.offer(of, token, jira)
  t.same(questions, ['put'])
  t.equal(tokens.offer(of, token, jira), null)
  t.ok((await process().get(of)).token.equals(token))
})

t.test('a refused token is dead everywhere until another one comes', async (t) => {
  const { process, bearer, clock } = await createScene()
  const [tokens, other] = [process(), process()]
  const bad = bearer('bad', 3 * HOUR)
  await tokens.offer(of, bad, jira)
  t.equal(await tokens.refused(of, bad), false)
  t.equal(tokens.offer(of, bad, jira), null)
  await t.rejects(tokens.get(of), { code: 'ATL_FORGE_TOKEN_EXPIRED', reason: 'system-token-refused' })
  await t.rejects(other.get(of), { code: 'ATL_FORGE_TOKEN_MISSING' })
  // It was the one that lasted longest, and still does not stand in the way of the next.
  const good = bearer('good', HOUR)
  await other.offer(of, good, jira)
  t.ok((await tokens.get(of)).token.equals(good))
  t.ok((await tokens.pick(of, bad)).equals(good))
  t.equal(await tokens.refused(of, bad), true)
  // Forge still hands it out: perhaps it was not the token's fault.
  t.equal(await tokens.refused(of, good), false)
  clock.nowMs += 61_000
  await tokens.offer(of, good, jira)
  t.ok((await tokens.get(of)).token.equals(good))
})

t.test(
  'what a call brought is used before what is stored, and without anything else even when it was refused',
  async (t) => {
    const { process, bearer } = await createScene()
    const tokens = process()
    const brought = bearer('brought', HOUR)
    t.equal(await tokens.pick(of, brought), brought)
    t.equal(await tokens.refused(of, brought), false)
    t.equal(await tokens.pick(of, brought), brought)
    await t.rejects(tokens.pick(of, null), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
  }
)

t.test('tokens go along when two tenants become one, and end with their installation', async (t) => {
  const { process, bearer } = await createScene()
  const token = bearer('one', HOUR)
  await process().offer(of, token, jira)
  const joined = { ...of, tenantId: 'tenant-2' }
  for (let time = 0; time < 2; time++) await process().move('tenant-1', [joined])
  await t.rejects(process().get(of), { code: 'ATL_FORGE_TOKEN_MISSING' })
  const tokens = process()
  t.ok((await tokens.get(joined)).token.equals(token))
  await tokens.drop(joined)
  for (const each of [tokens, process()]) await t.rejects(each.get(joined), { code: 'ATL_FORGE_TOKEN_MISSING' })
})

t.test('memory is bounded, and what fell out is read again', async (t) => {
  const { createSystemTokens } = await import('../../../lib/forge/system-tokens.ts')
  const { createApiBaseUrlReader } = await import('../../../lib/forge/api-base-url.ts')
  const { bearer, tokens: store, clock, log } = await createScene()
  const readApiBaseUrl = createApiBaseUrlReader(['https://api.atlassian.com'])
  const tokens = createSystemTokens({ store: { tokens: store }, readApiBaseUrl, clock, log, maxTokens: 10 })
  const names = Array.from({ length: 50 }, (_, n) => ({ ...of, installationId: `installation-${n}` }))
  for (const name of names) await tokens.offer(name, bearer(name.installationId, HOUR), jira)
  for (const name of names) t.ok((await tokens.get(name)).token.equals(bearer(name.installationId, HOUR)))
})

t.test('nothing that is logged or thrown holds a token', async (t) => {
  const { process, bearer, faults, lines } = await createScene()
  const tokens = process()
  const token = bearer('one', HOUR)
  await tokens.offer(of, token, jira)
  faults.isBroken = true
  await tokens.refused(of, token)
  const error = await tokens.get(of).catch((error: Error) => error)
  t.notMatch(`${lines.join()}${JSON.stringify(error)}${String(error)}`, token.reveal().slice(5, 30))
})

t.test('products that calls name in turn are kept together, and nothing is written when all are known', async (t) => {
  const { process, bearer, questions } = await createScene()
  const [tokens, other] = [process(), process()]
  const token = bearer('one', 4 * HOUR)
  const confluence = new Map([...twoProducts].filter(([product]) => product === 'confluence'))
  await tokens.offer(of, token, jira)
  await tokens.offer(of, token, confluence)
  await other.offer(of, token, jira)
  questions.length = 0
  for (let n = 0; n < 10; n++) {
    for (const each of [tokens, other]) for (const places of [jira, confluence]) await each.offer(of, token, places)
  }
  t.same(questions, [])
  for (const each of [tokens, other, process()]) {
    t.same([...(await each.get(of)).places.keys()].toSorted(), ['confluence', 'jira'])
  }
})

t.test('two tokens that end together are not written in turn', async (t) => {
  const { process, bearer, questions } = await createScene()
  const tokens = process()
  for (let n = 0; n < 10; n++) for (const name of ['one', 'two']) await tokens.offer(of, bearer(name, 4 * HOUR), jira)
  t.same(questions, ['put'])
})

t.test('a token that a page may have made up never takes the place of one that Forge brought itself', async (t) => {
  const { process, bearer, clock } = await createScene()
  const [tokens, other] = [process(), process()]
  const fromPage = { fromPage: true }
  const madeUp = (name: string) => bearer(name, 20 * HOUR)
  await tokens.offer(of, madeUp('early'), jira, fromPage)
  const real = bearer('real', 2 * HOUR)
  await tokens.offer(of, real, jira)
  t.ok((await tokens.get(of)).token.equals(real), 'whatever end the first one claimed')
  t.ok((await process().get(of)).token.equals(real))
  await tokens.offer(of, madeUp('late'), jira, fromPage)
  await other.offer(of, madeUp('elsewhere'), jira, fromPage)
  for (const each of [tokens, other, process()]) t.ok((await each.get(of)).token.equals(real))
  clock.nowMs += 2 * HOUR * 1000
  const ui = bearer('ui', 4 * HOUR)
  await other.offer(of, ui, jira, fromPage)
  t.ok((await other.get(of)).token.equals(ui), 'without one of Forge it is better than none')
  await tokens.offer(of, ui, jira)
  await other.offer(of, madeUp('again'), jira, fromPage)
  t.ok((await process().get(of)).token.equals(ui), 'once Forge brought the same token itself, it stays')
})

t.test('what came while another token stayed is used once that one is refused', async (t) => {
  const { process, bearer } = await createScene()
  const tokens = process()
  const [dead, spare] = [bearer('dead', 4 * HOUR), bearer('spare', 3 * HOUR)]
  await tokens.offer(of, dead, jira)
  t.equal(tokens.offer(of, spare, jira, { fromPage: true }), null)
  t.equal(await tokens.refused(of, dead), true)
  t.ok((await tokens.get(of)).token.equals(spare))
  t.equal(await tokens.refused(of, spare), false)
  await t.rejects(tokens.get(of), { code: 'ATL_FORGE_TOKEN_EXPIRED' })
})
