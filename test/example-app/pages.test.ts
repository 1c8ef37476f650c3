import t from 'tap'
import { addItems, installedExample, listedTitles } from './setup.ts'

t.test('the cacheable page is the same for everybody, and gets its data with a context token', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  await addItems(host, { issue: 'TEA-1' }, 'Boil')
  const opened = await host.openPage('all-checklists')
  t.equal(opened.tokenKind, null)
  t.equal(opened.status, 200)
  t.equal(opened.body, (await app.inject('/all')).body)
  t.notMatch(opened.body, 'session-token')
  t.notMatch(opened.body, host.site().origin)
  t.equal((await listedTitles(host)).length, 1)

  const [, session = ''] = /"session-token" content="([^"]+)"/.exec((await host.openPage('about')).body) ?? []
  const refused = await host.callApp('/api/checklists', { token: session })
  t.equal(refused.status, 401, 'a session token is another kind')
})

t.test('the session token of a page opens the API, is refreshed, and ends with the secret', async (t) => {
  const { host } = await installedExample(t, ':memory:')
  const place = { issue: 'TEA-1' }
  const { body } = await host.openPage('issue-checklist', place)
  const [, session = ''] = /"session-token" content="([^"]+)"/.exec(body) ?? []
  t.equal((await host.callApp('/api/items', { token: session })).status, 200)

  await host.rotateSecret()
  t.equal((await host.callApp('/api/items', { token: session })).status, 401)
  const refreshed = await host.callApp('/atlassian/session', { ...place, method: 'POST' })
  t.equal((await host.callApp('/api/items', { token: JSON.parse(refreshed.body).token })).status, 200)
})

t.test('files, unknown addresses and the descriptor need no token', async (t) => {
  const { app } = await installedExample(t, ':memory:')
  for (const name of ['style.css', 'api.js', 'icon.svg']) {
    t.match(await app.inject(`/public/${name}`), { statusCode: 200, headers: { 'x-content-type-options': 'nosniff' } })
  }
  const missing = await app.inject('/nowhere')
  t.equal(missing.statusCode, 404)
  t.match(missing.body, 'Nothing is here')
  t.equal((await app.inject('/public/..%2fapp.ts')).statusCode, 404)
  t.match((await app.inject('/atlassian-connect.json')).json(), { key: 'checklist-example' })
})

t.test('every page of the descriptor opens with its token and is refused without', async (t) => {
  const { app, host, log } = await installedExample(t, ':memory:')
  for (const { key, cacheable, url } of host.modules()) {
    t.equal((await host.openPage(key)).status, 200, key)
    t.equal((await app.inject(url)).statusCode, cacheable ? 200 : 401, `${key} without a token`)
  }
  await app.inject(`/nowhere?jwt=${await host.contextToken()}`)
  t.same(
    log.filter((line) => JSON.parse(line).level >= 40),
    [],
    'nothing to warn about'
  )
  t.notMatch(log.join(''), /eyJ/, 'no token in the log')
})
