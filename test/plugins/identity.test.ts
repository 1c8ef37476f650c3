import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const ARI = 'ari:cloud:ecosystem::installation/one'
const WIKI = { clientKey: 'wiki-key', sharedSecret: 'the-secret-of-the-wiki' }

/** An app whose Jira was installed under a Forge installation id, and a call that installs the wiki of the same site. */
async function scene(t: Parameters<typeof buildApp>[0]) {
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const made = await buildApp(t, { host })
  await installed(host, made.app)
  const { baseUrl } = host.site()
  await sendLifecycle(made.app, host, 'installed', { body: { installationId: ARI } })
  const installWiki = (body: object = {}) =>
    sendLifecycle(made.app, host, 'installed', {
      ...WIKI,
      body: { productType: 'confluence', baseUrl: `${baseUrl}/wiki`, installationId: ARI, ...body }
    })
  const visitAs = async (site: { clientKey: string; sharedSecret: string }) => {
    const token = await host.sign.pageToken({ url: '/panel', claims: { iss: site.clientKey }, key: site.sharedSecret })
    return await made.app.inject(`/panel?jwt=${token}`)
  }
  return { host, app: made.app, installWiki, visitAs }
}

t.test(
  'two products of one installation are one tenant: pages of both are served, with one set of settings',
  async (t) => {
    const { host, app, installWiki, visitAs } = await scene(t)
    t.equal((await installWiki()).statusCode, 204)
    const jira = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
    const wiki = await app.atlassian.tenants.find({ clientKey: WIKI.clientKey })
    t.equal(wiki?.tenantId, jira?.tenantId)
    t.same([jira?.product, wiki?.product], ['jira', 'confluence'])
    t.match((await visitAs(host.site())).json(), { clientKey: host.site().clientKey })
    t.match((await visitAs(WIKI)).json(), { clientKey: WIKI.clientKey })
    await jira?.settings.set('colour', 'green')
    t.equal(await wiki?.settings.get('colour'), 'green')
    t.equal((await app.atlassian.tenants.list()).length, 1)
    const kinds = (await app.atlassian.tenants.names(jira?.tenantId ?? '')).map(({ kind }) => kind)
    t.same(kinds.filter((kind) => kind === 'clientKey').length, 2)
  }
)

t.test('the secret of one registration does not open the pages of the other', async (t) => {
  const { host, installWiki, visitAs } = await scene(t)
  await installWiki()
  const mixed = [
    { clientKey: WIKI.clientKey, sharedSecret: host.site().sharedSecret },
    { clientKey: host.site().clientKey, sharedSecret: WIKI.sharedSecret }
  ]
  for (const site of mixed) t.equal((await visitAs(site)).statusCode, 401)
})

t.test(
  'uninstalling one product closes its pages at once and leaves the other open, and nobody is told of an end',
  async (t) => {
    const { host, app, installWiki, visitAs } = await scene(t)
    await installWiki()
    const ends: unknown[] = []
    app.atlassian.events.on('uninstalled', ({ tenant }) => void ends.push(tenant.clientKey))
    const uninstalled = await sendLifecycle(app, host, 'uninstalled', {
      ...WIKI,
      body: { productType: 'confluence', baseUrl: `${host.site().baseUrl}/wiki` }
    })
    t.equal(uninstalled.statusCode, 204)
    t.equal((await visitAs(WIKI)).statusCode, 401)
    t.equal((await visitAs(host.site())).statusCode, 200)
    t.match(await app.atlassian.tenants.find({ clientKey: WIKI.clientKey }), { installations: { length: 2 } })
    t.equal((await app.atlassian.tenants.list({ status: 'uninstalled' })).length, 0)
    await app.close()
    t.same(ends, [])
  }
)

t.test('a stranger that claims the installation is a tenant of its own, and the log says so', async (t) => {
  const { host, app, installWiki, visitAs } = await scene(t)
  t.equal((await installWiki({ productType: 'jira' })).statusCode, 204)
  const jira = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })
  const stranger = await app.atlassian.tenants.find({ clientKey: WIKI.clientKey })
  t.not(stranger?.tenantId, jira?.tenantId)
  t.equal((await app.atlassian.tenants.find({ installationId: ARI }))?.tenantId, jira?.tenantId)
  t.equal((await visitAs(WIKI)).statusCode, 200)
})
