import t from 'tap'
import { addItems, installedExample, itemsOf, tick } from './setup.ts'

t.test('the page for administrators opens for nobody else', async (t) => {
  const { host } = await installedExample(t, ':memory:')
  const [item] = await addItems(host, { issue: 'TEA-1' }, 'Boil', 'Pour')
  if (item) await tick(host, { issue: 'TEA-1' }, item)
  const page = await host.openPage('about', { user: 'Ada' })
  t.equal(page.status, 200)
  t.match(page.body, /1 checklists with 2 items, of\s+which 1 are done/)
  for (const user of ['Bo', 'Cleo', null]) t.equal((await host.openPage('about', { user })).status, 403, `${user}`)
})

t.test('what is done in a project is removed by its administrators alone, and only there', async (t) => {
  const { host } = await installedExample(t, ':memory:')
  for (const issue of ['TEA-1', 'VLT-1']) {
    const [done] = await addItems(host, { issue }, 'Boil', 'Pour')
    if (done) await tick(host, { issue }, done)
  }
  const remove = (user: string | null, project?: string) =>
    host.callApp('/api/project/done', { user, method: 'DELETE', ...(project === undefined ? {} : { project }) })
  for (const user of ['Bo', 'Cleo', null]) {
    t.match(await remove(user, 'TEA'), { status: 403, body: /ATL_FORBIDDEN/ }, `${user}`)
  }
  t.match(await remove('Ada'), { status: 403, body: /ATL_CONTEXT_MISSING/ }, 'no project')
  t.match(await remove('Ada', 'TEA'), { status: 200, body: '{"removed":1}' })
  t.equal((await itemsOf(host, { issue: 'TEA-1' })).length, 1)
  t.equal((await itemsOf(host, { issue: 'VLT-1' })).length, 2, 'another project')
})
