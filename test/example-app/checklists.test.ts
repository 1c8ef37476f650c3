import t, { type Test } from 'tap'
import { testPostgres } from '../helpers/postgres.ts'
import { addItems, eventually, installedExample, itemsOf, listedTitles, tick, WIKI } from './setup.ts'

t.test('on SQLite', (t) => checklistTests(t, async () => ':memory:'))

t.test('on PostgreSQL', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres !== null) await checklistTests(t, () => postgres.freshDatabase())
})

async function checklistTests(t: Test, freshDatabase: () => Promise<string>): Promise<void> {
  await t.test('an issue gets a checklist, and Jira hears about it', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    const place = { issue: 'TEA-2', user: 'Bo' }

    const panel = await host.openPage('issue-checklist', place)
    t.equal(panel.status, 200)
    t.match(panel.body, /<h1 class="sr-only">Checklist<\/h1>/)

    const items = await addItems(host, place, 'Boil the water', ' Warm the pot ')
    t.match(items, [
      { text: 'Boil the water', done: false },
      { text: 'Warm the pot', done: false }
    ])
    for (const item of items) t.equal((await tick(host, place, item)).status, 200)

    const issue = issueOf(host, 'TEA-2')
    t.same(issue.properties.get('checklist'), { done: 2, total: 2 })
    t.match(issue.comments, [{ text: 'Checklist complete: 2 of 2 done.' }])

    const [first] = items
    if (first === undefined) throw new Error('no item')
    await tick(host, place, first)
    t.equal(issue.comments.length, 1, 'ticking what is ticked says nothing')
    await tick(host, place, first, false)
    await host.callApp(`/api/items/${first.id}`, { ...place, method: 'DELETE' })
    t.same(issue.properties.get('checklist'), { done: 1, total: 1 })
    await addItems(host, place, 'Pour')
    t.match(await itemsOf(host, place), [{ text: 'Warm the pot', done: true }, { text: 'Pour' }])
  })

  await t.test('a page of Confluence has one too, with a heading of its own', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    const place = { ...WIKI, page: '131073' }
    const macro = await host.openPage('page-checklist', { ...place, params: { heading: 'Before <noon>' } })
    t.match(macro.body, '<h1>Before &lt;noon&gt;</h1>')

    for (const item of await addItems(host, place, 'Read it')) await tick(host, place, item)
    const site = host.site('confluence')
    const page = site.product === 'confluence' ? site.state.pages.find(({ id }) => id === '131073') : undefined
    t.match(page?.comments, [{ text: '<p>Checklist complete: 1 of 1 done.</p>' }])
    t.same(await listedTitles(host, WIKI), ['How we brew'])
  })

  await t.test('a token opens the checklist that it is about and no other', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    const [item] = await addItems(host, { issue: 'TEA-1' }, 'Only here')
    if (item === undefined) throw new Error('no item')
    for (const elsewhere of [{ issue: 'TEA-2' }, { ...WIKI, page: '131073' }]) {
      t.same(await itemsOf(host, elsewhere), [])
      await tick(host, elsewhere, item)
      await host.callApp(`/api/items/${item.id}`, { ...elsewhere, method: 'DELETE' })
    }
    t.match(await itemsOf(host, { issue: 'TEA-1' }), [{ text: 'Only here', done: false }])
    t.equal((await host.callApp('/api/items')).status, 403, 'nowhere is no place')
  })

  await t.test('overviews show what the user may see, because the host was asked', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    await addItems(host, { issue: 'TEA-1', user: 'Ada' }, 'For all')
    await addItems(host, { issue: 'VLT-1', user: 'Ada' }, 'For administrators')
    t.same(await listedTitles(host, { user: 'Ada' }), [
      'Serve the first flush before noon',
      'Change the combination of the vault'
    ])
    t.same(await listedTitles(host, { user: 'Bo' }), ['Serve the first flush before noon'])
    t.same(await listedTitles(host, { user: null }), [])

    const page = (user: string, project: string) => host.openPage('project-checklists', { user, project })
    t.match((await page('Bo', 'TEA')).body, 'Serve the first flush')
    t.match((await page('Ada', 'VLT')).body, 'Change the combination')
    t.notMatch((await page('Bo', 'VLT')).body, 'Change the combination')

    await addItems(host, { ...WIKI, page: '131075', user: 'Ada' }, 'For administrators')
    t.same(await listedTitles(host, { ...WIKI, user: 'Ada' }), ['Where the key is'])
    t.same(await listedTitles(host, { ...WIKI, user: 'Bo' }), [])
  })

  await t.test('an anonymous visitor reads and changes nothing', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    const [item] = await addItems(host, { issue: 'TEA-1' }, 'Boil the water')
    if (item === undefined) throw new Error('no item')
    const visitor = { issue: 'TEA-1', user: null }
    t.match(await itemsOf(host, visitor), [{ done: false }])
    t.equal((await tick(host, visitor, item)).status, 403)
    t.equal((await host.callApp('/api/items', { ...visitor, method: 'POST', body: { texts: ['x'] } })).status, 403)
    t.equal((await host.callApp(`/api/items/${item.id}`, { ...visitor, method: 'DELETE' })).status, 403)
    t.match(await itemsOf(host, visitor), [{ done: false }])
  })

  await t.test('bad items are refused', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    for (const texts of [undefined, [], ['  '], ['x'.repeat(201)], Array(51).fill('x'), ['a\u0000b'], [7, {}]]) {
      const { status } = await host.callApp('/api/items', { issue: 'TEA-1', method: 'POST', body: { texts } })
      t.equal(status, 400)
    }
    t.same(await itemsOf(host, { issue: 'TEA-1' }), [])
    for (const id of ['%00', 'x', '%27;--']) {
      const { status } = await host.callApp(`/api/items/${id}`, { issue: 'TEA-1', method: 'DELETE' })
      t.equal(status, 400, id)
    }
  })

  await t.test('webhooks keep titles and rows in step', async (t) => {
    const { host } = await installedExample(t, await freshDatabase())
    await addItems(host, { issue: 'TEA-2' }, 'Boil')
    await host.act({ type: 'updateIssue', issue: 'TEA-2', summary: 'Buy a <new> kettle' })
    await eventually(async () => (await listedTitles(host)).includes('Buy a <new> kettle'))
    t.match((await host.openPage('project-checklists', { project: 'TEA' })).body, 'Buy a &lt;new&gt; kettle')
    await host.act({ type: 'deleteIssue', issue: 'TEA-2' })
    await eventually(async () => (await listedTitles(host)).length === 0)

    const place = { ...WIKI, page: '131073' }
    await addItems(host, place, 'Read')
    await host.act({ type: 'updatePage', page: '131073', title: 'How they brew' }, WIKI)
    await eventually(async () => (await listedTitles(host, WIKI)).includes('How they brew'))
    await host.act({ type: 'deletePage', page: '131073' }, WIKI)
    await eventually(async () => (await listedTitles(host, WIKI)).length === 0)
  })

  await t.test('an uninstall keeps the rows, and a reinstall brings them up to date', async (t) => {
    const { app, host } = await installedExample(t, await freshDatabase())
    await addItems(host, { issue: 'TEA-1' }, 'Boil')
    await addItems(host, { issue: 'TEA-2' }, 'Repair')
    await host.uninstall()
    const refused = await host.openPage('issue-checklist', { issue: 'TEA-1' })
    t.equal(refused.status, 401)
    t.match(refused.body, 'This page cannot be shown')

    await host.act({ type: 'updateIssue', issue: 'TEA-1', summary: 'Renamed while we were away' })
    await host.act({ type: 'deleteIssue', issue: 'TEA-2' })
    await host.install(app)
    await eventually(async () => String(await listedTitles(host)) === 'Renamed while we were away')
    t.match(await itemsOf(host, { issue: 'TEA-1' }), [{ text: 'Boil' }])
  })

  await t.test('a stranger on the same address finds nothing until a person hands the rows over', async (t) => {
    const { app, host } = await installedExample(t, await freshDatabase())
    await addItems(host, { issue: 'TEA-1' }, 'Boil')
    const before = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
    await host.install(app, { newClientKey: true })
    const after = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
    t.same(await itemsOf(host, { issue: 'TEA-1' }), [])

    await app.atlassian.tenants.adopt(before?.tenantId ?? '', after?.tenantId ?? '')
    t.match(await itemsOf(host, { issue: 'TEA-1' }), [{ text: 'Boil' }])
  })

  await t.test('a host in trouble does not stop the user, and opens nothing', async (t) => {
    const { host, log } = await installedExample(t, await freshDatabase())
    const [item] = await addItems(host, { issue: 'TEA-1' }, 'Boil')
    if (item === undefined) throw new Error('no item')
    host.failNext({ target: 'rest', status: 500, times: 2 })
    t.equal((await tick(host, { issue: 'TEA-1' }, item)).status, 200)
    t.match(log.join(''), 'the host was not told about the change')

    // Somebody about whom the host was not asked a moment ago.
    const user = host.users[1]?.name ?? ''
    host.failNext({ target: 'rest', status: 500 })
    const page = await host.openPage('project-checklists', { project: 'TEA', user })
    t.equal(page.status, 403)
    t.match(page.body, 'Your permissions cannot be checked at the moment')
    t.match(page.body, '<h1>This page cannot be shown</h1>')
    t.notMatch(page.body, 'Serve the first flush')
    host.failNext({ target: 'rest', status: 500 })
    t.match(JSON.parse((await host.callApp('/api/checklists', { user })).body), { statusCode: 403, message: String })
  })
}

function issueOf(host: Awaited<ReturnType<typeof installedExample>>['host'], key: string) {
  const site = host.site('jira')
  const issue = site.product === 'jira' ? site.state.issues.find((each) => each.key === key) : undefined
  if (issue === undefined) throw new Error(`no issue ${key}`)
  return issue
}
