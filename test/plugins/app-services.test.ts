import type { DynamicModuleMap } from 'fastify-atlassian'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'

const MODULE = { key: 'stone', name: { value: 'Stone' }, url: '/stone', location: 'atl.jira.view.issue.right' }

for (const site of ['jira', 'confluence']) {
  t.test(`app properties are kept by the host, ${site}`, async (t) => {
    const { app, host } = await buildApp(t)
    await host.install(app, { site })
    const { appProperties } = app.atlassian
    const lookup = { clientKey: host.site(site).clientKey }
    t.equal(await appProperties.get(lookup, 'a/b c?'), undefined)
    for (const value of [{ cups: 3 }, ['x'], 'text', 0, false, null]) {
      await appProperties.set(lookup, 'a/b c?', value)
      t.same(await appProperties.get(lookup, 'a/b c?'), value)
    }
    await appProperties.set(lookup, 'other', 1)
    t.same(await appProperties.list(lookup), ['a/b c?', 'other'])
    t.equal(await appProperties.delete(lookup, 'a/b c?'), true)
    t.equal(await appProperties.delete(lookup, 'a/b c?'), false)
  })

  t.test(`dynamic modules live on one site and end with the installation, ${site}`, async (t) => {
    const { app, host } = await buildApp(t)
    await host.install(app, { site })
    const { dynamicModules } = app.atlassian
    const lookup = { clientKey: host.site(site).clientKey }
    t.same(await dynamicModules.list(lookup), {})
    await dynamicModules.register(lookup, {
      webPanels: [MODULE, { ...MODULE, key: 'leaf' }],
      generalPages: { ...MODULE, key: 'page' }
    })
    t.same(await dynamicModules.list(lookup), {
      webPanels: [MODULE, { ...MODULE, key: 'leaf' }],
      generalPages: [{ ...MODULE, key: 'page' }]
    })
    await t.rejects(dynamicModules.register(lookup, { webPanels: [MODULE] }), { code: 'ATL_HOST_STATUS', status: 400 })
    await dynamicModules.remove(lookup, ['stone', 'page'])
    t.same(await dynamicModules.list(lookup), { webPanels: [{ ...MODULE, key: 'leaf' }] })
    await dynamicModules.removeAll(lookup)
    t.same(await dynamicModules.list(lookup), {})
    await dynamicModules.register(lookup, { webPanels: [MODULE] })
    await host.uninstall({ site })
    await host.install(app, { site })
    t.same(await dynamicModules.list(lookup), {})
  })
}

t.test('what cannot be a property is refused before it is sent', async (t) => {
  const { app, host } = await buildApp(t)
  await host.install(app)
  const { appProperties } = app.atlassian
  const lookup = { clientKey: host.site().clientKey }
  for (const key of ['', '.', '..', 'x'.repeat(128), '\ud800']) {
    await t.rejects(appProperties.get(lookup, key), TypeError)
    await t.rejects(appProperties.set(lookup, key, 1), TypeError)
    await t.rejects(appProperties.delete(lookup, key), TypeError)
  }
  await t.rejects(appProperties.set(lookup, 'a', (() => 1) as never), TypeError)
  await t.rejects(appProperties.set(lookup, 'a', 'x'.repeat(32_767)), { code: 'ATL_HOST_REQUEST' })
  await t.rejects(appProperties.get({ clientKey: 'nobody' }, 'a'), { code: 'ATL_NO_TENANT' })
  t.equal(host.exchanges.filter(({ kind }) => kind === 'rest').length, 0)
})

t.test('modules with wrong keys are refused before they are sent, and an empty list never ends all', async (t) => {
  const { app, host } = await buildApp(t)
  await host.install(app)
  const { dynamicModules } = app.atlassian
  const lookup = { clientKey: host.site().clientKey }
  const wrong: DynamicModuleMap[] = [
    {},
    { webPanels: [] },
    { webPanels: [{ ...MODULE, key: 'a b' }] },
    { webPanels: [{ name: 'none' } as never] },
    { webPanels: [MODULE, MODULE] },
    { webPanels: [MODULE], generalPages: [MODULE] },
    { webPanels: [{ ...MODULE, key: 'panel' }] },
    { 'web/panels': [MODULE] },
    { webPanels: Array.from({ length: 301 }, (_, n) => ({ ...MODULE, key: `m-${n}` })) }
  ]
  for (const modules of wrong) await t.rejects(dynamicModules.register(lookup, modules), { code: 'ATL_OPTION' })
  await t.rejects(dynamicModules.remove(lookup, []), { code: 'ATL_OPTION' })
  await t.rejects(dynamicModules.remove(lookup, ['']), { code: 'ATL_OPTION' })
  t.equal(host.exchanges.filter(({ kind }) => kind === 'rest').length, 0)
})
