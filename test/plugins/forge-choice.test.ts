// Which verifier decides is chosen before anything is checked, and what it says is final.
import Fastify from 'fastify'
import { type ConnectApp, createConnectApp, resolveOptions } from 'fastify-atlassian/core'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { silentLog } from '../../lib/ports.ts'
import { authenticatePlugin } from '../../plugins/authenticate.ts'
import { descriptorPlugin } from '../../plugins/descriptor.ts'
import { lifecyclePlugin } from '../../plugins/lifecycle.ts'
import { tenantsPlugin } from '../../plugins/tenants.ts'
import type { FastifyAtlassian } from '../../plugins/types.ts'
import { APP_KEY, BASE_URL, createTestClock, testDescriptor } from '../helpers/app.ts'
import { APP_ID, claimsOf, createKeyServer, sign } from '../helpers/forge.ts'

type Verifier = 'connect' | 'forge'

/** A route for context and forge, and a list of the verifiers that were called. */
async function scene(t: Test, auth: readonly ('page' | 'context' | 'session' | 'forge')[] = ['context', 'forge']) {
  const clock = createTestClock()
  const keys = await createKeyServer(t)
  await keys.publish('one')
  const host = await createHostSimulator({ clock })
  t.teardown(() => host.close())
  const options = resolveOptions(
    {
      descriptor: testDescriptor(),
      baseUrl: BASE_URL,
      forge: { appId: APP_ID, environments: ['PRODUCTION'], jwksUrl: keys.url },
      ...host.connectOptions(),
      clock
    },
    'test'
  )
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const core = createConnectApp(options, { ...testDescriptor(), baseUrl: BASE_URL } as never, store, silentLog)
  const called: Verifier[] = []
  const { authenticator, forge } = core
  if (forge === null) throw new Error('there is a Forge part')
  const watched: ConnectApp = {
    ...core,
    authenticator: {
      authenticate(...given) {
        called.push('connect')
        return authenticator.authenticate(...given)
      }
    },
    forge: {
      ...forge,
      authenticator: {
        authenticate(...given) {
          called.push('forge')
          return forge.authenticator.authenticate(...given)
        }
      }
    }
  }
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(tenantsPlugin, { core: watched, api: {} as FastifyAtlassian })
  await app.register(authenticatePlugin, { core: watched })
  await app.register(descriptorPlugin, { core: watched })
  await app.register(lifecyclePlugin, { core: watched })
  app.get('/both', { config: { atlassian: { auth } } }, async (request) => ({ platform: request.atlassian?.platform }))
  app.get('/connect', { config: { atlassian: { auth: 'context' } } }, async () => ({ reached: true }))
  await app.ready()
  await host.install(app)
  called.length = 0
  return { app, host, called, clock, token: (changes = {}, signing = {}) => sign(claimsOf(clock, changes), signing) }
}

t.test('each kind of token is verified by its own verifier alone', async (t) => {
  const { app, host, called, token } = await scene(t)
  const send = async (authorization: string) => (await app.inject({ url: '/both', headers: { authorization } })).json()
  t.same(await send(`Bearer ${await token()}`), { platform: 'forge' })
  t.same(called, ['forge'])
  t.same(await send(`JWT ${await host.contextToken()}`), { platform: 'connect' })
  t.same(called, ['forge', 'connect'])
  t.same((await app.inject(`/both?jwt=${await host.contextToken()}`)).json(), { platform: 'connect' })
  t.same(called, ['forge', 'connect', 'connect'])
})

t.test('a Forge token that is wrong is refused, and Connect is not asked', async (t) => {
  const { app, host, called, clock, token } = await scene(t)
  const now = Math.floor(clock() / 1000)
  const context = await host.contextToken()
  const wrong: Record<string, string> = {
    expired: await token({ iat: now - 60, nbf: now - 60, exp: now - 35 }),
    'of another app': await token({ aud: 'ari:cloud:ecosystem::app/other' }),
    'of another environment': await token({ app: { environment: { type: 'STAGING' } } }),
    'signed by a stranger': await token({}, { key: 'stranger', header: { kid: 'forge/invocation-token/one' } }),
    'with an unknown key': await token({}, { key: 'stranger' }),
    'of a page that is good for Connect': context,
    'that is no token': 'x',
    'without a user': await token({ principal: undefined })
  }
  for (const [name, value] of Object.entries(wrong)) {
    called.length = 0
    const answer = await app.inject({ url: '/both', headers: { authorization: `Bearer ${value}` } })
    t.equal(answer.statusCode, name === 'without a user' ? 403 : 401, name)
    t.same(called, ['forge'], name)
  }
  called.length = 0
  const both = await app.inject({ url: `/both?jwt=${context}`, headers: { authorization: `Bearer ${await token()}` } })
  t.equal(both.statusCode, 401, 'two good tokens are one too many')
  t.same(called, ['forge'])
})

t.test('a Connect token that is wrong is refused, and Forge is not asked', async (t) => {
  const { app, host, called, token } = await scene(t)
  const good = await token()
  const wrong: Record<string, string> = {
    expired: `JWT ${await host.sign.contextToken({ claims: { exp: 1 } })}`,
    'of a page': `JWT ${await host.sign.pageToken({ method: 'GET', url: '/both' })}`,
    'of an install': `JWT ${await host.sign.installToken({ url: '/both' })}`,
    'that is good for Forge': `JWT ${good}`,
    'under no scheme': good,
    'under a scheme that begins like the one of Forge': `BearerX ${good}`,
    'under Basic': `Basic ${good}`
  }
  for (const [name, authorization] of Object.entries(wrong)) {
    called.length = 0
    const answer = await app.inject({ url: '/both', headers: { authorization } })
    t.equal(answer.statusCode, 401, name)
    t.same(called, ['connect'], name)
  }
  called.length = 0
  t.equal((await app.inject(`/both?jwt=${good}`)).statusCode, 401)
  t.equal((await app.inject('/both')).statusCode, 401)
  t.same(called, ['connect', 'connect'])
})

t.test('a route that does not accept Forge refuses Bearer without asking Forge', async (t) => {
  const { app, called, token } = await scene(t)
  const headers = { authorization: `Bearer ${await token()}` }
  t.equal((await app.inject({ url: '/connect', headers })).statusCode, 401)
  t.same(called, ['connect'])
})

t.test('a route for Forge alone never asks Connect', async (t) => {
  const { app, host, called } = await scene(t, ['forge'])
  for (const authorization of [`JWT ${await host.contextToken()}`, 'Basic x', '']) {
    t.equal((await app.inject({ url: '/both', headers: { authorization } })).statusCode, 401)
  }
  t.equal((await app.inject(`/both?jwt=${await host.contextToken()}`)).statusCode, 401)
  t.same(called, ['forge', 'forge', 'forge', 'forge'])
})

t.test('a page that Forge calls too waits for a form only where Connect decides', async (t) => {
  const { app, called, token } = await scene(t, ['page', 'forge'])
  const headers = { authorization: `Bearer ${await token()}` }
  t.same((await app.inject({ url: '/both', headers })).json(), { platform: 'forge' })
  t.same(called, ['forge'])
})
