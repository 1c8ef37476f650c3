// Whose call it is, and what it may reach (forge.md 9: 14, 15, 19, 20, 21, 22, 27, 28, 30).
import t from 'tap'
import {
  APP_ID,
  buildForgeApp,
  type Changes,
  CLOUD_ID,
  ENVIRONMENT,
  ENVIRONMENT_ID,
  EVENT,
  type ForgeOverrides,
  INSTALLATION
} from '../helpers/forge.ts'
import { FORBIDDEN, refusesForge } from './forge-attack.ts'

const OTHER_INSTALLATION = 'ari:cloud:ecosystem::installation/1b4b8800-64bf-4b6c-8f8f-14449091acc6'
const OTHER_ENVIRONMENT = `ari:cloud:ecosystem::environment/${APP_ID}/bb022a21-d65c-4ca4-8f38-3ee3851951af`

t.test('a token of another environment is refused, though the same key signed it', async (t) => {
  const byType = await buildForgeApp(t)
  const byId = await buildForgeApp(t, { forge: { environments: [ENVIRONMENT_ID] } })
  const attacks: Record<string, Changes> = {
    'a development build': { type: 'DEVELOPMENT' },
    'a staging build': { type: 'STAGING' },
    'the type in small letters': { type: 'production' },
    'a type that is a list': { type: ['PRODUCTION'] },
    'no type': { type: undefined },
    'no id': { id: undefined },
    'an environment of another app': { id: ENVIRONMENT.replace(APP_ID, '11111111-2222-4333-8444-555555555555') },
    'an id that is none': { id: `${ENVIRONMENT}/..` }
  }
  for (const [name, environment] of Object.entries(attacks)) {
    await refusesForge(t, byType, byType.call(await byType.token({ app: { environment } })), undefined, name)
  }
  const other = { app: { environment: { id: OTHER_ENVIRONMENT } } }
  await refusesForge(t, byId, byId.call(await byId.token(other)), undefined, 'another environment of production')
  t.equal((await byType.app.inject(byType.call(await byType.token(other)))).statusCode, 200)
  const short = { app: { environment: { id: `environment/${ENVIRONMENT_ID}` } } }
  t.equal((await byId.app.inject(byId.call(await byId.token(short)))).statusCode, 200, 'the short form is the same')
})

t.test('without a policy for environments, a token of production is refused', async (t) => {
  const scene = await buildForgeApp(t, { forge: { environments: undefined } } as ForgeOverrides)
  const status = async (type: string) =>
    (await scene.app.inject(scene.call(await scene.token({ app: { environment: { type } } })))).statusCode
  t.same([await status('PRODUCTION'), await status('DEVELOPMENT'), await status('STAGING')], [401, 200, 200])
})

t.test('two environments and two installations are different tenants, whatever else is equal', async (t) => {
  const scene = await buildForgeApp(t, { forge: { environments: ['PRODUCTION', 'DEVELOPMENT'] } })
  const tenantOf = async (changes: Changes) =>
    (await scene.app.inject(scene.call(await scene.token(changes)))).json().tenantId
  const elsewhere = 'https://api.atlassian.com/ex/jira/0e1631b4-4314-4f57-9e22-25aa7c8a3cd0'
  const site = { apiBaseUrl: elsewhere, installation: { id: OTHER_INSTALLATION, contexts: [] } }
  const tenants = [
    await tenantOf({}),
    await tenantOf({ app: { environment: { type: 'DEVELOPMENT', id: OTHER_ENVIRONMENT } } }),
    await tenantOf({ app: { ...site, installationId: OTHER_INSTALLATION } })
  ]
  t.equal(new Set(tenants).size, 3)
  t.equal(await tenantOf({ jti: 'again' }), tenants[0])
})

t.test('nothing but the verified token names the installation, the site or the user', async (t) => {
  const scene = await buildForgeApp(t)
  const good = (await scene.app.inject(scene.call(await scene.token()))).json()
  const answer = await scene.app.inject(
    scene.call(await scene.token({ context: { cloudId: 'of-the-front-end', accountId: 'someone-else' } }), {
      method: 'POST',
      url: `/forge?installationId=${OTHER_INSTALLATION}&cloudId=x&accountId=x`,
      headers: { 'x-installation-id': OTHER_INSTALLATION, 'x-atlassian-account-id': 'x' },
      payload: { installationId: OTHER_INSTALLATION, context: { cloudId: 'x' }, principal: 'x' }
    })
  )
  t.strictSame(answer.json(), good)
  const tenant = await scene.store.find({ installationId: INSTALLATION, environmentId: ENVIRONMENT })
  t.equal(tenant?.cloudId, CLOUD_ID, 'from the installation, not from the context')
  t.equal(await scene.store.find({ installationId: OTHER_INSTALLATION }), null)
})

t.test('an address of the product that may not be called is refused', async (t) => {
  const scene = await buildForgeApp(t)
  const addresses = [
    `https://evil.example.com/ex/confluence/${CLOUD_ID}`,
    `https://api.atlassian.com.evil.example.com/ex/confluence/${CLOUD_ID}`,
    `https://api.atlassian.com@evil.example.com/ex/confluence/${CLOUD_ID}`,
    `https://evil.example.com#@api.atlassian.com/ex/confluence/${CLOUD_ID}`,
    `http://api.atlassian.com/ex/confluence/${CLOUD_ID}`,
    `https://api.atlassian.com:8443/ex/confluence/${CLOUD_ID}`,
    `https://user:word@api.atlassian.com/ex/confluence/${CLOUD_ID}`,
    `https://api.atlassian.com/ex/confluence/${CLOUD_ID}?x=1`,
    `https://api.atlassian.com/ex/confluence/${CLOUD_ID}#x`,
    `https://api.atlassian.com/ex/confluence/${CLOUD_ID}/../../../graphql`,
    `https://api.atlassian.com/ex/confluence/${CLOUD_ID}/wiki`,
    `https://api.atlassian.com\\ex\\confluence\\${CLOUD_ID}`,
    'https://api.atlassian.com/ex/confluence/not-an-id',
    'https://api.atlassian.com/graphql',
    'https://api.atlassian.com',
    'https://api.bitbucket.org/2.0/repositories',
    'https://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'api.atlassian.com',
    ''
  ]
  for (const apiBaseUrl of addresses) {
    await refusesForge(t, scene, scene.call(await scene.token({ app: { apiBaseUrl } })), undefined, apiBaseUrl)
  }
})

t.test('an address of another product of the installation is given to nobody unless it may be called', async (t) => {
  const scene = await buildForgeApp(t, {
    routes: (app) =>
      app.get('/contexts', app.atlassian.protect('forge'), async (request) => request.forge?.installation.contexts)
  })
  const good = `https://api.atlassian.com/ex/jira/${CLOUD_ID}`
  const contexts = [
    { name: 'jira', apiBaseUrl: `${good}/` },
    { name: 'bitbucket', apiBaseUrl: 'https://api.bitbucket.org', workspaceId: '{id}' },
    { name: 'evil', apiBaseUrl: 'https://evil.example.com/ex/jira/x' }
  ]
  const token = await scene.token({ app: { installation: { contexts } } })
  const answer = await scene.app.inject(scene.call(token, { url: '/contexts' }))
  t.strictSame(answer.json(), [
    { name: 'jira', apiBaseUrl: good, cloudId: CLOUD_ID, workspaceId: null },
    { name: 'bitbucket', apiBaseUrl: 'https://api.bitbucket.org', cloudId: null, workspaceId: '{id}' },
    { name: 'evil', apiBaseUrl: null, cloudId: null, workspaceId: null }
  ])
})

t.test('a route for users is closed for calls without one, and the other way round', async (t) => {
  const scene = await buildForgeApp(t)
  const anonymous: Changes[] = [{ principal: undefined }, { principal: null }, { principal: '' }, EVENT]
  for (const changes of anonymous) {
    await refusesForge(t, scene, scene.call(await scene.token(changes)), FORBIDDEN, JSON.stringify(changes))
  }
  const page = scene.call(await scene.token(), { method: 'POST', url: '/event' })
  await refusesForge(t, scene, page, FORBIDDEN, 'a call of a page on the route for events')
  const optional = await scene.app.inject(scene.call(await scene.token({ principal: null }), { url: '/optional' }))
  t.match(optional.json(), { accountId: null, principal: 'anonymous' })
  const event = await scene.app.inject(scene.call(await scene.token(EVENT), { method: 'POST', url: '/event' }))
  t.match(event.json(), { accountId: null, principal: 'host' })
})

t.test('a route that names modules, environments, installations or a license is closed for the rest', async (t) => {
  const scene = await buildForgeApp(t, {
    forge: { environments: ['PRODUCTION', 'STAGING'] },
    routes(app) {
      const { protect } = app.atlassian
      const handler = async () => ({ ok: true })
      app.get('/key', protect('forge', { modules: ['admin-page'] }), handler)
      app.get('/type', protect('forge', { modules: ['xen:macro', 'admin-page'] }), handler)
      app.get('/environment', protect('forge', { environments: [OTHER_ENVIRONMENT, 'STAGING'] }), handler)
      app.get('/installation', protect('forge', { installations: [OTHER_INSTALLATION] }), handler)
      app.get('/licensed', protect(['context', 'forge'], { license: true }), handler)
    }
  })
  const closed: [string, Changes][] = [
    ['/key', {}],
    ['/key', { context: { moduleKey: 'admin-page' } }],
    ['/type', { app: { module: { type: 'core:endpoint', key: 'other' } } }],
    ['/environment', {}],
    ['/installation', {}],
    ['/licensed', { app: { license: { active: false } } }],
    ['/licensed', { app: { license: { active: 'true' } } }],
    ['/licensed', { app: { license: { active: undefined, isActive: true } } }],
    ['/licensed', { app: { license: undefined } }]
  ]
  for (const [url, changes] of closed) {
    const name = `${url} ${JSON.stringify(changes)}`
    await refusesForge(t, scene, scene.call(await scene.token(changes), { url }), FORBIDDEN, name)
  }
  const open: [string, Changes][] = [
    ['/key', { app: { module: { key: 'admin-page' } } }],
    ['/type', {}],
    ['/environment', { app: { environment: { type: 'STAGING' } } }],
    ['/environment', { app: { environment: { id: OTHER_ENVIRONMENT } } }],
    ['/installation', { app: { installationId: OTHER_INSTALLATION, installation: { id: OTHER_INSTALLATION } } }],
    ['/licensed', {}],
    ['/licensed', { app: { license: undefined, environment: { type: 'STAGING' } } }]
  ]
  for (const [url, changes] of open) {
    const { statusCode } = await scene.app.inject(scene.call(await scene.token(changes), { url }))
    t.equal(statusCode, 200, `${url} ${JSON.stringify(changes)}`)
  }
})

t.test('a token that repeats is judged by each route anew', async (t) => {
  const scene = await buildForgeApp(t, {
    routes: (app) =>
      app.get('/admin', app.atlassian.protect('forge', { modules: ['admin'] }), async () => ({ ok: true }))
  })
  const token = await scene.token()
  t.equal((await scene.app.inject(scene.call(token))).statusCode, 200)
  await refusesForge(t, scene, scene.call(token, { url: '/admin' }), FORBIDDEN)
  await refusesForge(t, scene, scene.call(token, { method: 'POST', url: '/event' }), FORBIDDEN)
  t.equal((await scene.app.inject(scene.call(token))).statusCode, 200, 'and is no nonce: a front end sends it again')
})

t.test('a call of an installation that has ended is refused, until a newer one proves that it lives', async (t) => {
  const scene = await buildForgeApp(t, { tenantFreshMs: 0 })
  const old = await scene.token()
  t.equal((await scene.app.inject(scene.call(old))).statusCode, 200)
  const tenant = await scene.store.find({ installationId: INSTALLATION, environmentId: ENVIRONMENT })
  if (tenant === null) throw new Error('the tenant is there')
  scene.clock.advanceSeconds(1)
  const installations = tenant.installations.map((one) => ({
    ...one,
    state: 'uninstalled' as const,
    endedAtMs: scene.clock()
  }))
  await scene.store.save({ ...tenant, installations }, tenant.version)
  const late = await scene.app.inject(scene.call(old))
  t.strictSame([late.statusCode, late.json()], [403, { ...FORBIDDEN }])
  scene.clock.advanceSeconds(1)
  t.equal((await scene.app.inject(scene.call(await scene.token()))).statusCode, 200)
})
