import t from 'tap'
import type { OpenCount } from '../../example-app/count-open.ts'
import { addItems, eventually, installedExample, itemsOf, tick, WIKI } from './setup.ts'

const TEA = { issue: 'TEA-1', user: 'Ada' } as const

t.test('a checklist lives through the move from Connect to Forge and back', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  const forge = async (path: string, options = {}) => {
    const { status, body } = await host.forge.invokeRemote(app, path, { ...TEA, ...options })
    return { status, ...JSON.parse(body) }
  }
  const [first] = await addItems(host, TEA, 'Boil the water', 'Warm the pot')
  if (first === undefined) throw new Error('no item')

  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  t.equal((await tick(host, TEA, first)).status, 200, 'the Connect page works on')
  t.match((await forge('/api/items')).items, [{ text: 'Boil the water', done: true }, { text: 'Warm the pot' }])

  await host.forge.upgrade(app, { to: 'forge' })
  t.match((await forge('/api/items')).items, [{ text: 'Boil the water', done: true }, { text: 'Warm the pot' }])
  const added = await forge('/api/items', { method: 'POST', body: { texts: ['Pour'] } })
  t.equal(added.status, 201)
  for (const { id } of added.items) await forge(`/api/items/${id}`, { method: 'PATCH', body: { done: true } })
  const issue = issueOf(host, 'TEA-1')
  t.same(issue.properties.get('checklist'), { done: 3, total: 3 }, 'Jira heard of it by the token of Forge')
  t.match(issue.comments.at(-1), { text: 'Checklist complete: 3 of 3 done.' })

  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  t.equal((await itemsOf(host, TEA)).length, 3)
})

t.test('on Forge the token says whose checklist it is and who may change it', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  await addItems(host, TEA, 'Boil the water')
  await addItems(host, { issue: 'VLT-1', user: 'Ada' }, 'For administrators')
  await host.forge.upgrade(app)
  const forge = (path: string, options = {}) => host.forge.invokeRemote(app, path, options)

  // Nobody told which Connect app this was, so the app asks Jira.
  await eventually(async () => JSON.parse((await forge('/api/items', { issue: 'TEA-1' })).body).items.length === 1)
  t.same(JSON.parse((await forge('/api/items', { issue: 'TEA-2' })).body), { items: [] })
  const refused = await forge('/api/items', { issue: 'TEA-1', user: null, method: 'POST', body: { texts: ['x'] } })
  t.equal(refused.status, 403)
  t.equal(
    (await forge('/api/items', { issue: 'TEA-1', user: null })).status,
    403,
    'what everybody may see cannot be asked'
  )
  t.match(JSON.parse((await forge('/api/checklists', { user: 'Bo' })).body).checklists.length, 1, 'Jira was asked')
  t.match(JSON.parse((await forge('/api/checklists', { user: 'Ada' })).body).checklists.length, 2)
  t.equal((await forge('/api/project/done', { method: 'DELETE', project: 'TEA', user: 'Bo' })).status, 403)
  t.equal((await forge('/api/project/done', { method: 'DELETE', project: 'TEA', user: 'Ada' })).status, 200)
})

t.test('events of Forge keep titles and rows in step', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  await addItems(host, TEA, 'Boil')
  await host.forge.upgrade(app, { to: 'connect-on-forge' })
  await host.forge.upgrade(app, { to: 'forge' })
  const titles = async () => {
    const { body } = await host.forge.invokeRemote(app, '/api/checklists', { user: 'Ada' })
    return JSON.parse(body).checklists.map(({ title }: { title: string }) => title)
  }
  await host.act({ type: 'updateIssue', issue: 'TEA-1', summary: 'Serve it cold' })
  await eventually(async () => (await titles()).includes('Serve it cold'))
  await host.act({ type: 'deleteIssue', issue: 'TEA-1' })
  await eventually(async () => (await titles()).length === 0)
})

t.test('Confluence has its checklist on Forge too', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  const place = { ...WIKI, page: '131073' }
  await addItems(host, place, 'Read it')
  await host.forge.upgrade(app, { ...WIKI, to: 'connect-on-forge' })
  await host.forge.upgrade(app, { ...WIKI, to: 'forge' })
  const { body } = await host.forge.invokeRemote(app, '/api/items', place)
  t.match(JSON.parse(body).items, [{ text: 'Read it' }])
  await host.act({ type: 'deletePage', page: '131073' }, WIKI)
  await eventually(async () => {
    const { body } = await host.forge.invokeRemote(app, '/api/checklists', { ...WIKI, user: 'Ada' })
    return JSON.parse(body).checklists.length === 0
  })
})

t.test('the hourly job counts open checklists for each customer, and the heartbeat keeps the token', async (t) => {
  const { app, host } = await installedExample(t, ':memory:')
  const [done] = await addItems(host, TEA, 'Boil')
  await addItems(host, { issue: 'TEA-2', user: 'Ada' }, 'Repair')
  if (done === undefined) throw new Error('no item')
  await tick(host, TEA, done)
  await host.forge.upgrade(app, { to: 'connect-on-forge' })

  t.equal((await host.forge.schedule(app, 'keep-alive')).status, 204)
  t.equal((await host.forge.schedule(app, 'hour-forge-scheduled')).status, 204)
  const tenant = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
  await eventually(async () => (await tenant?.settings.get<OpenCount>('open-checklists'))?.open === 1)
  t.match((await host.openPage('about')).body, 'When the job of Forge counted last, 1 of them')
})

function issueOf(host: Awaited<ReturnType<typeof installedExample>>['host'], key: string) {
  const site = host.site('jira')
  const issue = site.product === 'jira' ? site.state.issues.find((each) => each.key === key) : undefined
  if (issue === undefined) throw new Error(`no issue ${key}`)
  return issue
}
