import type { PersonalDataEvent, PersonalDataOptions } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { type AppOverrides, buildApp } from '../helpers/app.ts'
import { until } from './until.ts'

const DAY = 86_400
const CLOSED = '5be24ba3f91c106033269289'
const ACTIVE = '5be24ad8b1653240376955d2'

async function start(t: Test, given: PersonalDataOptions = {}, overrides: AppOverrides = {}) {
  const told: PersonalDataEvent[] = []
  const personalData = { erase: (event: PersonalDataEvent) => void told.push(event), ...given }
  const scene = await buildApp(t, { personalData, ...overrides })
  await scene.host.install(scene.app)
  const tenant = await scene.app.atlassian.tenants.find({ clientKey: scene.host.site().clientKey })
  return { ...scene, told, tenantId: tenant?.tenantId ?? '', data: scene.app.atlassian.personalData }
}

const NOTHING = { reported: 0, erased: 0, refreshed: 0, failed: 0, retryAtMs: null, more: false }

t.test('each account is reported once a cycle, by a site that can speak for the app', async (t) => {
  const { data, host, tenantId, clock } = await start(t)
  await data.keep(tenantId, [ACTIVE, { accountId: '557058:ada', updatedAtMs: clock() - 5000 }, 'unknown'])
  t.same(await data.report(), { ...NOTHING, reported: 2 })
  t.same(
    host.accounts.reports.map(({ accounts }) => accounts.toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1))),
    [
      [
        { accountId: '557058:ada', updatedAtMs: clock() - 5000 },
        { accountId: ACTIVE, updatedAtMs: clock() }
      ]
    ]
  )
  t.same(await data.report(), NOTHING)
  clock.advanceSeconds(7 * DAY - 1)
  t.same(await data.report(), NOTHING)
  host.accounts.setCyclePeriod('P3D')
  clock.advanceSeconds(1)
  t.same(await data.report(), { ...NOTHING, reported: 2 })
  clock.advanceSeconds(3 * DAY)
  t.same(await data.report(), { ...NOTHING, reported: 2 })
})

t.test('a question names at most 90 accounts, and a report stops at its limit', async (t) => {
  const { data, host, tenantId } = await start(t)
  await data.keep(
    tenantId,
    Array.from({ length: 200 }, (_, n) => `account-${n}`)
  )
  t.same(await data.report({ limit: 100 }), { ...NOTHING, reported: 100, more: true })
  t.same(await data.report(), { ...NOTHING, reported: 100 })
  t.same(
    host.accounts.reports.map(({ accounts }) => accounts.length),
    [90, 10, 90, 10]
  )
  t.equal(new Set(host.accounts.reports.flatMap(({ accounts }) => accounts.map((one) => one.accountId))).size, 200)
})

t.test('the data of a closed account is erased for every tenant that has it, and is not reported again', async (t) => {
  const { app, data, host, tenantId, told, clock } = await start(t)
  await host.install(app, { site: 'confluence' })
  const other = await app.atlassian.tenants.find({ clientKey: host.site('confluence').clientKey })
  await data.keep(tenantId, [CLOSED, ACTIVE])
  await data.keep(other?.tenantId ?? '', CLOSED)
  host.accounts.close(CLOSED)
  t.same(await data.report(), { ...NOTHING, reported: 2, erased: 1 })
  t.match(told, [{ accountId: CLOSED, reason: 'closed' }])
  t.same(told[0]?.tenants.map((one) => one.tenantId).sort(), [tenantId, other?.tenantId].sort())
  t.same(await data.list(other?.tenantId ?? ''), [])
  t.same(await data.list(tenantId), [{ accountId: ACTIVE, updatedAtMs: clock() }])
  clock.advanceSeconds(7 * DAY)
  t.same(await data.report(), { ...NOTHING, reported: 1 })
})

t.test('what changed is fetched anew, or erased by an app that cannot', async (t) => {
  const refreshed: PersonalDataEvent[] = []
  const { data, host, tenantId, told, clock } = await start(t, { refresh: (event) => void refreshed.push(event) })
  await data.keep(tenantId, ACTIVE)
  clock.advanceSeconds(60)
  host.accounts.change(ACTIVE)
  clock.advanceSeconds(60)
  t.same(await data.report(), { ...NOTHING, reported: 1, refreshed: 1 })
  t.match(refreshed, [{ accountId: ACTIVE, reason: 'updated', tenants: [{ tenantId }] }])
  t.same(await data.list(tenantId), [{ accountId: ACTIVE, updatedAtMs: clock() }])
  clock.advanceSeconds(7 * DAY)
  t.same(await data.report(), { ...NOTHING, reported: 1 }, 'it is new to the host as well')
  t.same(told, [])

  const plain = await start(t)
  await plain.data.keep(plain.tenantId, ACTIVE)
  plain.clock.advanceSeconds(60)
  plain.host.accounts.change(ACTIVE)
  t.same(await plain.data.report(), { ...NOTHING, reported: 1, erased: 1 })
  t.same(await plain.data.list(plain.tenantId), [])
})

t.test('an account that is named twice is erased if one of them says so', async (t) => {
  const { data, host, tenantId, told } = await start(t, { refresh: () => t.fail('refreshed') })
  await data.keep(tenantId, ACTIVE)
  const accounts = ['closed', 'updated'].map((status) => ({ accountId: ACTIVE, status }))
  host.failNext({ target: 'accounts', status: 200, body: JSON.stringify({ accounts }) })
  t.same(await data.report(), { ...NOTHING, reported: 1, erased: 1 })
  t.match(told, [{ reason: 'closed' }])
})

t.test('a hook that fails is run again, and the answer is not lost meanwhile', async (t) => {
  let fail = true
  const { data, host, tenantId, clock, lines } = await start(t, {
    erase() {
      if (fail) throw new Error('the table is locked')
    }
  })
  await data.keep(tenantId, CLOSED)
  host.accounts.close(CLOSED)
  t.same(await data.report(), { ...NOTHING, reported: 1, failed: 1 })
  t.same(await data.report(), NOTHING)
  t.ok(lines.some((line) => line.includes('a hook of personal data failed')))
  t.notOk(
    lines.some((line) => line.includes(CLOSED)),
    'no log line names the account'
  )
  fail = false
  clock.advanceSeconds(600)
  t.same(await data.report(), { ...NOTHING, erased: 1 })
  t.equal(host.accounts.reports.length, 1)
})

t.test('a host that wants a pause gets it, and nothing is forgotten', async (t) => {
  const { data, host, tenantId, clock } = await start(t)
  await data.keep(tenantId, ACTIVE)
  host.failNext({ target: 'accounts', status: 429, headers: { 'retry-after': '120' } })
  const limited = { ...NOTHING, retryAtMs: clock() + 120_000, more: true }
  t.same(await data.report(), limited)
  clock.advanceSeconds(119)
  await data.keep(tenantId, 'another')
  t.same(await data.report(), limited, 'no other account is asked about either')
  clock.advanceSeconds(1)
  t.same(await data.report(), { ...NOTHING, reported: 2 })
})

t.test('hooks that fail slowly for ever hold up neither the report nor the other accounts', async (t) => {
  let ran = 0
  const scene = await start(t, {
    erase() {
      ran += 1
      if (ran > 20) throw new Error('ran without end')
      scene.clock.advanceSeconds(300)
      throw new Error('the table is locked')
    }
  })
  const { data, host, tenantId } = scene
  const ids = ['a', 'b', 'c', 'd']
  await data.keep(tenantId, ids)
  for (const id of ids) host.accounts.close(id)
  t.same(await data.report(), { ...NOTHING, reported: 4, failed: 4 })
  scene.clock.advanceSeconds(600)
  await data.keep(tenantId, ACTIVE)
  t.match(await data.report(), { reported: 1, more: false })
})

t.test('a report that is called off ends after what is under way', async (t) => {
  const stop = new AbortController()
  const { data, host, tenantId } = await start(t, { erase: () => stop.abort() })
  await data.keep(tenantId, ['a', 'b'])
  for (const id of ['a', 'b']) host.accounts.close(id)
  t.same(await data.report({ signal: stop.signal }), { ...NOTHING, reported: 2, erased: 1, more: true })
  t.same(await data.report({ signal: stop.signal }), { ...NOTHING, more: true })
  t.same(await data.report(), { ...NOTHING, erased: 1 })
})

t.test('a site that was refused is followed by others, and not by itself', async (t) => {
  const { app, data, host, tenantId } = await start(t)
  await host.install(app, { site: 'confluence' })
  await data.keep(tenantId, ACTIVE)
  host.failNext({ target: 'accounts', status: 403 })
  host.failNext({ target: 'accounts', status: 403 })
  await t.rejects(data.report(), { code: 'ATL_ACCOUNTS_UNREPORTED' })
  t.equal(host.exchanges.filter(({ kind }) => kind === 'accounts').length, 2, 'each of the two sites was tried once')
})

t.test('an answer that makes no sense, or never comes, settles nothing', async (t) => {
  const { data, host, tenantId, clock, told } = await start(t)
  await data.keep(tenantId, ACTIVE)
  const odd = [
    { status: 500 },
    { lost: true },
    { status: 200, body: 'not json' },
    { status: 200, body: '{"accounts":[{"accountId":"x","status":"frozen"}]}' },
    { status: 301, headers: { location: '/app/report-accounts/' } }
  ]
  for (const fault of odd) {
    host.failNext({ target: 'accounts', ...fault })
    await t.rejects(data.report(), { code: 'ATL_ACCOUNTS_UNREPORTED' }, JSON.stringify(fault))
    clock.advanceSeconds(600)
  }
  t.same(await data.report(), { ...NOTHING, reported: 1 })
  t.same(told, [])
})

t.test('processes that report at once tell each account once', async (t) => {
  const first = await start(t)
  const { host, store, clock, tenantId, told } = first
  const erase = (event: PersonalDataEvent) => void told.push(event)
  const second = await buildApp(t, { host, store, clock, personalData: { erase } })
  const ids = Array.from({ length: 300 }, (_, n) => `account-${n}`)
  await first.data.keep(tenantId, ids)
  for (const id of ids.slice(0, 20)) host.accounts.close(id)
  const done = await Promise.all([first.data.report(), second.app.atlassian.personalData.report(), first.data.report()])
  t.equal(
    done.reduce((sum, { reported }) => sum + reported, 0),
    300
  )
  const reported = host.accounts.reports.flatMap(({ accounts }) => accounts.map((one) => one.accountId))
  t.same([reported.length, new Set(reported).size], [300, 300])
  t.same(told.map(({ accountId }) => accountId).sort(), ids.slice(0, 20).sort())
})

t.test('a process that dies in the middle leaves nothing undone', async (t) => {
  const { data, host, store, tenantId, clock, told } = await start(t)
  await data.keep(tenantId, ['a', 'b', CLOSED])
  host.accounts.close(CLOSED)
  // As a process would leave it that claimed everything and was killed, before or after the answer came.
  const claimed = await store.accounts?.claim({ nowMs: clock(), leaseMs: 60_000, limit: 2, answered: false })
  const [answered] = claimed ?? []
  if (answered !== undefined) await store.accounts?.settle(answered, { answer: 'closed', dueAtMs: clock() })
  await store.accounts?.claim({ nowMs: clock(), leaseMs: 60_000, limit: 1, answered: true })
  t.match(await data.report(), { reported: 1 })
  clock.advanceSeconds(60)
  await data.report()
  t.equal(new Set(told.map(({ accountId }) => accountId)).size, told.length)
  const reported = host.accounts.reports.flatMap(({ accounts }) => accounts.map((one) => one.accountId))
  t.same([...reported, answered?.accountId].sort(), ['a', 'b', CLOSED].sort())
  t.ok(told.some(({ accountId }) => accountId === answered?.accountId))
})

t.test('a site that may not speak any more is passed over', async (t) => {
  const { app, data, host, tenantId, clock } = await start(t)
  await host.install(app, { site: 'confluence' })
  await data.keep(tenantId, ACTIVE)
  // Its uninstall was never heard of here.
  host.failNext({ target: 'app', path: /uninstalled|disabled/, times: 2 })
  await host.uninstall()
  t.same(await data.report(), { ...NOTHING, reported: 1 })
  clock.advanceSeconds(7 * DAY)
  host.failNext({ target: 'app', path: /uninstalled|disabled/, times: 2 })
  await host.uninstall({ site: 'confluence' })
  await t.rejects(data.report(), { code: 'ATL_ACCOUNTS_UNREPORTED' })
})

t.test('without a living site nobody can speak for the app, and without a hook nobody may', async (t) => {
  const { data, host, tenantId } = await start(t)
  await data.keep(tenantId, ACTIVE)
  await host.uninstall()
  await t.rejects(data.report(), { code: 'ATL_NO_TENANT' })
  const silent = await buildApp(t)
  await t.rejects(silent.app.atlassian.personalData.report(), { code: 'ATL_OPTION' })
})

t.test('the app may bring credentials of its own', async (t) => {
  const { data, host, tenantId } = await start(t, { authorize: async () => 'Bearer own' })
  await data.keep(tenantId, ACTIVE)
  await t.rejects(data.report(), { code: 'ATL_ACCOUNTS_UNREPORTED' })
  const last = host.exchanges.at(-1)
  t.match(last, { kind: 'accounts', status: 401 })
})

t.test('what is no account is refused, and so is a tenant that is not there', async (t) => {
  const { data, tenantId, clock } = await start(t)
  for (const wrong of ['', 'a b', 'x'.repeat(129), 'a@b']) await t.rejects(data.keep(tenantId, wrong), TypeError)
  await t.rejects(data.keep('nobody', ACTIVE), { code: 'ATL_NO_TENANT' })
  await data.keep(tenantId, [{ accountId: ACTIVE, updatedAtMs: clock() + 1e9 }])
  t.same(await data.list(tenantId), [{ accountId: ACTIVE, updatedAtMs: clock() }], 'no time to come')
  t.equal(await data.forget(tenantId, ACTIVE), true)
  t.equal(await data.forget(tenantId, ACTIVE), false)
  await t.rejects(data.list(tenantId, { limit: 0 }), RangeError)
  await t.rejects(data.report({ limit: 0 }), RangeError)
})

t.test('accounts go with a tenant that is purged', async (t) => {
  const { app, data, host, tenantId, clock } = await start(t)
  await host.install(app, { site: 'confluence' })
  await data.keep(tenantId, ACTIVE)
  await host.uninstall()
  clock.advanceSeconds(31 * DAY)
  await app.atlassian.tenants.purge()
  t.same(await data.report(), NOTHING)
})

t.test('accounts go over with a tenant that is adopted', async (t) => {
  const { app, data, host, tenantId, told } = await start(t)
  await host.install(app, { site: 'confluence' })
  const heir = await app.atlassian.tenants.find({ clientKey: host.site('confluence').clientKey })
  await data.keep(tenantId, [ACTIVE, CLOSED])
  await app.atlassian.tenants.adopt(tenantId, heir?.tenantId ?? '')
  t.same(await data.list(tenantId), [])
  t.match(await data.list(heir?.tenantId ?? ''), [{ accountId: ACTIVE }, { accountId: CLOSED }])
  host.accounts.close(CLOSED)
  await data.report()
  t.match(told, [{ accountId: CLOSED, tenants: [{ tenantId: heir?.tenantId }] }])
})

t.test('a store that keeps no accounts says so', async (t) => {
  const { store } = await buildApp(t)
  const { accounts, ...rest } = store
  t.ok(accounts)
  const other = await buildApp(t, { store: rest, personalData: { erase() {} } })
  await t.rejects(other.app.atlassian.personalData.keep('x', ACTIVE), { code: 'ATL_STORE_PART' })
})

t.test('a process reports by itself if it is told to, until it ends', async (t) => {
  const { app, data, host, tenantId } = await start(t, { everyMinutes: 0.0005 })
  host.failNext({ target: 'accounts', status: 500 })
  await data.keep(tenantId, ACTIVE)
  await until(() => host.exchanges.some(({ kind, status }) => kind === 'accounts' && status === 500))
  await data.keep(tenantId, 'another')
  await until(() => host.accounts.reports.length > 0)
  await app.close()
  const { length } = host.exchanges
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(host.exchanges.length, length)
})

t.test('the first report comes soon, for processes that do not live as long as the time between two', async (t) => {
  const waits: (number | undefined)[] = []
  const { setTimeout } = globalThis
  t.teardown(() => Object.assign(globalThis, { setTimeout }))
  const noting = (run: () => void, ms?: number) => {
    waits.push(ms)
    return setTimeout(run, ms)
  }
  Object.assign(globalThis, { setTimeout: Object.assign(noting, setTimeout) })
  await start(t, { everyMinutes: 1440 })
  t.ok(waits.includes(60_000))
  t.notOk(waits.includes(DAY * 1000))
})
