import { type ConnectOptions, resolveOptions } from 'fastify-atlassian/core'
import t from 'tap'

const appId = '8db33809-1f32-48bb-8c52-5877dab48107'
const ari = `ari:cloud:ecosystem::app/${appId}`
const environment = 'aa911f10-c54b-4b93-9e27-dd2947840b9e'
const environmentAri = `ari:cloud:ecosystem::environment/${appId}/${environment}`

function resolve(forge: unknown, stage = 'development', more: object = {}) {
  const options = { baseUrl: 'https://app.example.com', forge, ...more } as ConnectOptions
  return resolveOptions(options, stage).forge
}

t.test('the id of the app may be given with or without its prefix', async (t) => {
  t.equal(resolve({ appId })?.appId, ari)
  t.equal(resolve({ appId: ari })?.appId, ari)
})

t.test('environments may be named by type, by id and by either long form', async (t) => {
  for (const name of [environment, `environment/${environment}`, environmentAri]) {
    t.same([...(resolve({ appId, environments: [name, 'STAGING'] })?.environments ?? [])], [environmentAri, 'STAGING'])
  }
  t.same([...(resolve({ appId })?.environments ?? [])], ['DEVELOPMENT', 'STAGING'])
})

t.test('production does not start without a policy for environments, or with addresses on this machine', async (t) => {
  const good = { appId, environments: ['PRODUCTION'] }
  t.match(resolve(good, 'production'), { jwksUrl: 'https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json' })
  const wrong: [string, object][] = [
    ['forge.environments', { appId }],
    ['forge.jwksUrl', { ...good, jwksUrl: 'http://keys.example.com/' }],
    ['forge.jwksUrl', { ...good, jwksUrl: 'https://127.0.0.1:4000/' }],
    ['forge.apiHosts[0]', { ...good, apiHosts: ['http://api.example.com'] }],
    [
      'forge.isolatedClouds.jwksUrl',
      { ...good, isolatedClouds: { labels: ['a'], jwksUrl: 'http://{IC_LABEL}.example.com' } }
    ]
  ]
  for (const [option, forge] of wrong) {
    t.throws(() => resolve(forge, 'production'), { code: 'ATL_OPTION', details: { option } }, option)
    t.throws(() => resolve(forge, 'development', { environment: 'production' }), { code: 'ATL_OPTION' }, option)
  }
  t.ok(
    resolve({ ...good, jwksUrl: 'http://127.0.0.1:4000/' }, 'production', {
      unsafeAllowInsecureHostsInProduction: true
    })
  )
})

t.test('what is wrong is named, and nothing switches a check off', async (t) => {
  const wrong: [string, unknown][] = [
    ['forge', 'yes'],
    ['forge.appId', {}],
    ['forge.appId', { appId: 'my-app' }],
    ['forge.appId', { appId: `${ari}/x` }],
    ['forge.noAuth', { appId, noAuth: true }],
    ['forge.skipVerification', { appId, skipVerification: true }],
    ['forge.environments', { appId, environments: [] }],
    ['forge.environments', { appId, environments: 'PRODUCTION' }],
    ['forge.environments[0]', { appId, environments: ['production'] }],
    ['forge.environments[1]', { appId, environments: ['STAGING', '*'] }],
    ['forge.environments[0]', { appId, environments: [environmentAri.replace(appId, environment)] }],
    ['forge.leewaySeconds', { appId, leewaySeconds: 11 }],
    ['forge.maxLifetimeSeconds', { appId, maxLifetimeSeconds: 301 }],
    ['forge.jwksUrl', { appId, jwksUrl: 'keys' }],
    ['forge.jwksUrl', { appId, jwksUrl: 'https://user:word@example.com/' }],
    ['forge.apiHosts', { appId, apiHosts: [] }],
    ['forge.apiHosts[0]', { appId, apiHosts: ['https://api.atlassian.com/ex'] }],
    ['forge.apiHosts[0]', { appId, apiHosts: ['*.atlassian.com'] }],
    [
      'forge.isolatedClouds.labels',
      { appId, isolatedClouds: { labels: [], jwksUrl: 'https://{IC_LABEL}.example.com' } }
    ],
    [
      'forge.isolatedClouds.labels[0]',
      { appId, isolatedClouds: { labels: ['a/b'], jwksUrl: 'https://{IC_LABEL}.x.com' } }
    ],
    ['forge.isolatedClouds.jwksUrl', { appId, isolatedClouds: { labels: ['a'], jwksUrl: 'https://x.example.com' } }]
  ]
  for (const [option, forge] of wrong) {
    t.throws(() => resolve(forge), { code: 'ATL_OPTION', details: { option } }, `${option} ${JSON.stringify(forge)}`)
  }
})

t.test('an app needs one of the two parts', async (t) => {
  t.throws(() => resolve(undefined), { code: 'ATL_OPTION', details: { option: 'descriptor' } })
  t.equal(resolve(undefined, 'development', { descriptor: {} }), null)
})
