// Every kind of token against every policy and every allowed list, declared in each of the three ways.
import { createHmac, createSign, generateKeyPairSync, hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { PolicyOption } from 'fastify-atlassian'
import t from 'tap'
import { listablePolicies, policies, tokenPlaces } from '../../lib/jwt/policy.ts'
import { APP_KEY } from '../helpers/app.ts'
import { everything, forget, installedApp, lifecycleBody, type Scene, UNAUTHENTICATED } from './attack.ts'

const places = ['header', 'query', 'form'] as const
type Place = (typeof places)[number]
type Scheme = 'JWT' | 'Bearer'

/**
 * What each policy lets in: kind of token to the places where it may be. Everything else is 401.
 * A token with a computed hash is a page's or a webhook's by the route it is made for: on the wire they are one kind,
 * so each of the two names stands in both rows, and the place tells the rest.
 */
const accepted: Record<string, Record<string, readonly Place[]>> = {
  page: { page: ['header', 'query', 'form'], webhook: ['header', 'query', 'form'] },
  context: { context: ['header', 'query'] },
  session: { session: ['header', 'query'] },
  webhook: { page: ['header'], webhook: ['header'] },
  lifecycle: { lifecycle: ['header'] },
  forge: {},
  none: {}
}

interface Row {
  readonly scheme?: Scheme
  /** The token, made for POST of this address. */
  make(scene: Scene, url: string): Promise<string>
}

/** One row for each kind of token that a policy knows, and the rows that no policy may ever accept. */
const rows: Record<string, Row> = {
  page: { make: ({ host }, url) => host.sign.pageToken({ method: 'POST', url }) },
  webhook: { make: ({ host }, url) => host.sign.webhookToken({ url }) },
  context: { make: ({ host }) => host.contextToken() },
  session: { make: sessionToken },
  lifecycle: { make: ({ host }, url) => host.sign.installToken({ url }) }
}
const foreignRows: Record<string, Row> = {
  'page token of another address': { make: ({ host }) => host.sign.pageToken({ method: 'POST', url: '/elsewhere' }) },
  'install token of another address': { make: ({ host }) => host.sign.installToken({ url: '/elsewhere' }) },
  'install token with the fixed hash': {
    make: ({ host }, url) => host.sign.installToken({ url, claims: { qsh: 'context-qsh' } })
  },
  'token without a hash': { make: ({ host }) => host.sign.contextToken({ claims: { qsh: undefined } }) },
  'own outbound token': { make: async (scene, url) => outboundToken(scene, url) },
  'OAuth assertion': { make: async (scene) => assertion(scene) },
  'Forge token': { scheme: 'Bearer', make: async (scene) => forgeToken(scene) },
  'Forge token under our scheme': { make: async (scene) => forgeToken(scene) },
  'context token as Bearer': { scheme: 'Bearer', make: ({ host }) => host.contextToken() }
}

const connectLists = permutationsOf(listablePolicies.filter((policy) => policy !== 'forge'))
const lists = [...connectLists, ...connectLists.map((list) => [...list, 'forge'] as const)]
const options: PolicyOption[] = [...policies, ...lists]
const ways = ['config', 'protect', 'onRequest'] as const

t.test('each policy and each kind of token has a row', async (t) => {
  t.strictSame(Object.keys(accepted).sort(), [...policies].sort(), 'a new policy needs a row in this file')
  t.strictSame(
    Object.keys(rows).sort(),
    Object.keys(tokenPlaces).sort(),
    'a new kind of token needs a row in this file'
  )
  t.strictSame(connectLists.length, 15, 'every list of one, two and three, in every order')
})

t.test('every token meets the same answer, whichever way the policy is declared', async (t) => {
  const forge = {
    appId: '8db33809-1f32-48bb-8c52-5877dab48107',
    environments: ['PRODUCTION'],
    jwksUrl: 'http://127.0.0.1:9'
  }
  const scene = await installedApp(t, { forge, routes: declareRoutes })
  const session = await sessionToken(scene)
  const body = JSON.stringify(lifecycleBody(scene.jira))
  let requests = 0
  for (const [name, row] of Object.entries({ ...rows, ...foreignRows })) {
    const before = await everything(scene.store)
    forget(scene)
    const wrong: string[] = []
    for (const option of options) {
      for (const way of ways) {
        const url = addressOf(option, way)
        const token = name === 'session' ? session : await row.make(scene, url)
        // A scheme is something of the header alone.
        for (const place of row.scheme === undefined ? places : (['header'] as const)) {
          requests += 1
          const answer = await scene.app.inject(requestWith(url, token, place, row.scheme ?? 'JWT', body))
          const expected = expectedAnswer(option, name, place)
          const seen = answer.statusCode === 200 ? answer.json() : answer.statusCode
          if (JSON.stringify(seen) !== JSON.stringify(expected)) {
            wrong.push(`${url} by ${place}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`)
          }
          if (answer.statusCode === 401 && JSON.stringify(answer.json()) !== JSON.stringify(UNAUTHENTICATED)) {
            wrong.push(`${url} by ${place}: another body of 401`)
          }
        }
      }
    }
    t.strictSame(wrong.slice(0, 10), [], `${name}, against ${options.length} policies in ${ways.length} ways`)
    t.equal(await everything(scene.store), before, `${name}: nothing was written`)
    const token = await row.make(scene, '/never-asked')
    t.notOk(scene.lines.join('').includes(token.split('.')[2] ?? token), `${name}: no signature in the log`)
  }
  t.ok(requests > 2000, `${requests} requests`)
})

t.test('a policy that cannot be is refused at start, in each way', async (t) => {
  const scene = await installedApp(t)
  t.equal((await scene.host.openPage('panel')).status, 200)
  const wrong: unknown[] = [
    'Page',
    'public',
    '',
    null,
    true,
    [],
    ['none'],
    ['page', 'none'],
    ['webhook'],
    ['page', 'webhook'],
    ['forge', 'webhook'],
    ['forge', 'lifecycle'],
    ['forge', 'none'],
    ['lifecycle'],
    ['page', 'page'],
    [['page']],
    'page,context',
    '__proto__'
  ]
  for (const policy of wrong) {
    const name = JSON.stringify(policy)
    const { atlassian } = scene.app
    t.throws(() => atlassian.protect(policy as never), { code: 'ATL_OPTION' }, `protect ${name}`)
    t.throws(() => atlassian.authenticate(policy as never), { code: 'ATL_OPTION' }, `authenticate ${name}`)
  }
  await t.rejects(
    installedApp(t, {
      routes: (app) => void app.get('/wrong', { config: { atlassian: { auth: 'public' as never } } }, async () => '')
    }),
    { code: 'ATL_OPTION' },
    'config'
  )
})

t.test('a route has one policy: two that differ stop the start', async (t) => {
  const declare = (routes: (app: FastifyInstance) => void) => installedApp(t, { routes })
  await t.rejects(
    declare((app) => {
      const { authenticate, protect } = app.atlassian
      app.get('/two', { ...protect('page'), onRequest: authenticate('context') }, async () => '')
    }),
    { code: 'ATL_OPTION' },
    'config and hook'
  )
  await t.rejects(
    declare((app) => {
      const { authenticate } = app.atlassian
      app.get('/two', { onRequest: [authenticate('page'), authenticate('context')] }, async () => '')
    }),
    { code: 'ATL_OPTION' },
    'two hooks'
  )
})

t.test('a hook that was added where it cannot decide opens nothing', async (t) => {
  const scene = await installedApp(t, {
    routes(app) {
      void app.register(async (scope) => {
        scope.addHook('onRequest', app.atlassian.authenticate('none'))
        scope.get('/scoped', async () => ({ reached: true }))
      })
    }
  })
  const answer = await scene.app.inject('/scoped')
  t.equal(answer.statusCode, 401, 'the route stays protected as a page')
})

function declareRoutes(app: FastifyInstance): void {
  const { authenticate, protect } = app.atlassian
  for (const auth of options) {
    // A life-cycle route of the app's own says which event it takes.
    const event = auth === 'lifecycle' ? ({ event: 'installed' } as const) : {}
    const handler = async (request: Parameters<typeof app.atlassian.sessionToken>[0]) => ({
      kind: request.connect?.tokenKind ?? null,
      clientKey: request.tenant?.clientKey === undefined ? null : 'ours'
    })
    app.post(addressOf(auth, 'config'), { config: { atlassian: { auth, ...event } } }, handler)
    const { config } = protect(auth)
    app.post(addressOf(auth, 'protect'), { config: { atlassian: { ...config.atlassian, ...event } } }, handler)
    app.post(addressOf(auth, 'onRequest'), { config: { atlassian: event }, onRequest: authenticate(auth) }, handler)
  }
}

function addressOf(option: PolicyOption, way: string): string {
  return typeof option === 'string' ? `/${way}/${option}` : `/${way}/list-${option.join('-')}`
}

function expectedAnswer(option: PolicyOption, row: string, place: Place): unknown {
  if (option === 'none') return { kind: null, clientKey: null }
  const policy = [option].flat().find((one) => accepted[one]?.[row]?.includes(place))
  if (policy === undefined) return 401
  return { kind: policy, clientKey: 'ours' }
}

function requestWith(url: string, token: string, place: Place, scheme: Scheme, body: string) {
  const json = { 'content-type': 'application/json' }
  if (place === 'header') {
    return { method: 'POST' as const, url, headers: { ...json, authorization: `${scheme} ${token}` }, payload: body }
  }
  if (place === 'query') return { method: 'POST' as const, url: `${url}?jwt=${token}`, headers: json, payload: body }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST' as const, url, headers, payload: `jwt=${token}` }
}

/** Every list of different names, in every order. */
function permutationsOf<T>(names: readonly T[]): T[][] {
  return names.flatMap((name) => {
    const others = names.filter((other) => other !== name)
    return [[name], ...permutationsOf(others).map((rest) => [name, ...rest])]
  })
}

async function sessionToken({ app, host }: Scene): Promise<string> {
  const headers = { authorization: `JWT ${await host.contextToken()}` }
  return (await app.inject({ method: 'POST', url: '/atlassian/session', headers })).json().token
}

/** As the app signs a call to the host, for the same method and path as its own route. */
function outboundToken({ jira, clock }: Scene, url: string): string {
  const nowSeconds = clock() / 1000
  const qsh = hash('sha256', `POST&${url}&`, 'hex')
  const claims = { iss: APP_KEY, aud: [jira.clientKey], iat: nowSeconds, exp: nowSeconds + 180, qsh }
  return hmac(claims, jira.sharedSecret)
}

function assertion({ app, jira, clock }: Scene): string {
  const nowSeconds = clock() / 1000
  return hmac(
    {
      iss: `urn:atlassian:connect:clientid:${jira.oauthClientId}`,
      sub: 'urn:atlassian:connect:useraccountid:557058:ada-0001',
      tnt: jira.baseUrl,
      aud: app.atlassian.authorizationServer,
      iat: nowSeconds,
      exp: nowSeconds + 60
    },
    jira.sharedSecret
  )
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

function forgeToken({ jira, clock }: Scene): string {
  const nowSeconds = clock() / 1000
  const claims = {
    iss: 'forge/invocation-token',
    aud: 'ari:cloud:ecosystem::app/11111111-2222-3333-4444-555555555555',
    iat: nowSeconds,
    exp: nowSeconds + 60,
    app: { installationId: jira.cloudId, apiBaseUrl: jira.baseUrl },
    context: { cloudId: jira.cloudId },
    principal: '557058:ada-0001'
  }
  const input = `${segment({ alg: 'RS256', typ: 'JWT', kid: 'forge/invocation-token' })}.${segment(claims)}`
  return `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url')}`
}

function hmac(claims: object, secret: string): string {
  const input = `${segment({ alg: 'HS256', typ: 'JWT' })}.${segment(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
