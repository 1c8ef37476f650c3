import type { InjectOptions } from 'fastify'
import type { Tenant, TenantStore } from 'fastify-atlassian'
import type { SimulatedSite } from 'fastify-atlassian/testing'
import type { Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp, type TestApp } from '../helpers/app.ts'

/** What a stranger sees. The same text for every reason (written down here, not taken from the code under test). */
export const UNAUTHENTICATED = Object.freeze({
  statusCode: 401,
  code: 'ATL_UNAUTHENTICATED',
  error: 'Unauthorized',
  message: 'This request could not be authenticated. Reload the page in Jira or Confluence.'
})
export const BAD_LIFECYCLE_BODY = Object.freeze({
  statusCode: 400,
  code: 'ATL_LIFECYCLE_BODY',
  error: 'Bad Request',
  message: 'The body of this life-cycle call is not complete.'
})
export const HOST_NOT_ALLOWED = Object.freeze({
  statusCode: 403,
  code: 'ATL_HOST_NOT_ALLOWED',
  error: 'Forbidden',
  message: 'This site is not allowed to install the app.'
})
export const KEYS_UNAVAILABLE = Object.freeze({
  statusCode: 503,
  code: 'ATL_KEYS_UNAVAILABLE',
  error: 'Service Unavailable',
  message: 'The public keys of Atlassian cannot be read at the moment. Try again in a minute.'
})
export const STORE_UNAVAILABLE = Object.freeze({
  statusCode: 503,
  code: 'ATL_STORE_UNAVAILABLE',
  error: 'Service Unavailable',
  message: 'The storage of the app cannot be reached at the moment. Try again in a minute.'
})

export interface PublicBody {
  readonly statusCode: number
  readonly code: string
  readonly error: string
  readonly message: string
}

export interface Scene extends TestApp {
  readonly jira: SimulatedSite
  readonly wiki: SimulatedSite
}

/** An app that both simulated sites have installed, with everything up to here forgotten. */
export async function installedApp(t: Test, overrides: AppOverrides = {}): Promise<Scene> {
  const built = await buildApp(t, overrides)
  const { app, host } = built
  for (const site of ['jira', 'confluence']) {
    const { status, verdict } = await host.install(app, { site })
    if (status !== 204) throw new Error(`the scene cannot be set: ${verdict}`)
  }
  // The hooks of the install are in the inbox and done after a moment.
  await new Promise((resolve) => setImmediate(resolve))
  forget(built)
  return { ...built, jira: host.site('jira'), wiki: host.site('confluence') }
}

export function forget({ lines, writes, reached }: TestApp): void {
  lines.length = 0
  writes.length = 0
  reached.length = 0
}

/**
 * The whole promise of a refusal: this status and this public body, nothing written, no handler reached, nothing of
 * the secret, the token or the canonical request in the answer or the log, and a good page afterwards.
 */
export async function refuses(
  t: Test,
  scene: Scene,
  attack: InjectOptions,
  expected: PublicBody = UNAUTHENTICATED,
  name = 'the attack'
): Promise<void> {
  const before = await everything(scene.store)
  forget(scene)
  const answer = await scene.app.inject(attack)
  const seen = {
    status: answer.statusCode,
    body: readJson(answer.body),
    handlersThatRan: [...scene.reached],
    writes: [...scene.writes],
    tenantsAreAsBefore: (await everything(scene.store)) === before,
    leaks: leaksOf(scene, `${JSON.stringify(answer.headers)}\n${answer.body}`, attack),
    goodPageAfterwards: (await scene.host.openPage('panel')).status
  }
  const promised = {
    status: expected.statusCode,
    body: { ...expected },
    handlersThatRan: [],
    writes: [],
    tenantsAreAsBefore: true,
    leaks: [],
    goodPageAfterwards: 200
  }
  t.strictSame(seen, promised, name)
}

/** A good page request after an attack. */
export async function alive(t: Test, { host }: Scene, name = 'afterwards'): Promise<void> {
  t.equal((await host.openPage('panel')).status, 200, `${name}: a good page is served`)
}

/** Names what stands in the answer or in the log and must not: secrets, tokens, signatures, the canonical request. */
export function leaksOf(scene: Scene, answer: string, attack: InjectOptions): string[] {
  const log = scene.lines.join('')
  return needlesOf(scene, attack).flatMap(([what, needle]) => [
    ...(answer.includes(needle) ? [`the answer holds the ${what}`] : []),
    ...(log.includes(needle) ? [`the log holds the ${what}`] : [])
  ])
}

const TOKEN = /[\w-]{4,}\.[\w-]{4,}\.[\w-]*/g

function needlesOf({ host }: Scene, attack: InjectOptions): [string, string][] {
  const needles: [string, string][] = []
  for (const site of host.sites) needles.push(['shared secret', site.sharedSecret])
  const sent = [String(attack.url), JSON.stringify(attack.headers ?? {})]
  if (typeof attack.payload === 'string') sent.push(attack.payload)
  for (const token of sent.join('\n').match(TOKEN) ?? []) {
    // Host names look like three segments too; a token is long.
    if (token.length < 40) continue
    needles.push(['token', token])
    const [, claims = '', signature = ''] = token.split('.')
    if (claims.length > 20) needles.push(['claims segment', claims])
    if (signature.length > 20) needles.push(['signature', signature])
  }
  const path = String(attack.url)
    .replace(/^https?:\/\/[^/]*/, '')
    .split(/[?#]/)[0]
  needles.push(['canonical request', `${attack.method ?? 'GET'}&${path}`])
  return needles
}

/** Every tenant with every member and the secrets in the clear, as one text. */
export async function everything(store: TenantStore): Promise<string> {
  const tenants = await store.list({ limit: 1000 })
  const bare = ({ sharedSecret, previousSecret, ...rest }: Tenant) => ({
    ...rest,
    sharedSecret: sharedSecret?.reveal() ?? null,
    previousSecret: previousSecret?.reveal() ?? null
  })
  return JSON.stringify(tenants.map(bare))
}

/** The body of a good `installed` of this site, changed. `undefined` removes a member. */
export function lifecycleBody(site: SimulatedSite, changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    key: APP_KEY,
    clientKey: site.clientKey,
    sharedSecret: site.sharedSecret,
    baseUrl: site.baseUrl,
    displayUrl: site.baseUrl,
    productType: site.product,
    eventType: 'installed',
    ...changes
  }
}

/** A POST of JSON with an install token; `url` defaults to `/installed`. */
export function lifecycleCall(token: string | null, body: object | string, url = '/installed'): InjectOptions {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `JWT ${token}` }) },
    payload: typeof body === 'string' ? body : JSON.stringify(body)
  }
}

export function withHeader(url: string, token: string, method: 'GET' | 'POST' = 'GET'): InjectOptions {
  return { method, url, headers: { authorization: `JWT ${token}` } }
}

export function withQuery(url: string, token: string, method: 'GET' | 'POST' = 'GET'): InjectOptions {
  return { method, url: `${url}${url.includes('?') ? '&' : '?'}jwt=${token}` }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return `not JSON: ${text.slice(0, 200)}`
  }
}
