import { createSecretKey, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyRequest, InjectOptions } from 'fastify'
import { type ForgeOptions, requireForge, type TenantStore } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { type CompactJWSHeaderParameters, CompactSign, exportJWK } from 'jose'
import type { Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp, createTestClock, type TestApp, type TestClock } from './app.ts'

export const APP_ID = '8db33809-1f32-48bb-8c52-5877dab48107'
export const APP_ARI = `ari:cloud:ecosystem::app/${APP_ID}`
export const ENVIRONMENT_ID = 'aa911f10-c54b-4b93-9e27-dd2947840b9e'
export const ENVIRONMENT = `ari:cloud:ecosystem::environment/${APP_ID}/${ENVIRONMENT_ID}`
export const INSTALLATION = 'ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5'
export const CLOUD_ID = 'd0d52620-3203-4cfa-8db5-f2587155f0dd'
export const ACCOUNT_ID = '655362:312d3308-8954-42b0-aa38-771a10c88656'

const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>()

/** The same pair for the same name, made once in a process: making one takes a while. */
export function keyPair(name: string): { publicKey: KeyObject; privateKey: KeyObject } {
  let pair = pairs.get(name)
  if (pair === undefined) {
    pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    pairs.set(name, pair)
  }
  return pair
}

export function kidOf(name: string): string {
  return `forge/invocation-token/${name}`
}

/** A loopback server that publishes keys. */
export interface KeyServer {
  readonly url: string
  /** How often it was asked. */
  fetches(): number
  /** Publishes these keys from now on. */
  publish(...names: string[]): Promise<void>
  /** What the next answers are instead: a status, or this text. `null` ends it. */
  answer(instead: { status?: number; body?: string; location?: string } | null): void
}

export async function createKeyServer(t: Test): Promise<KeyServer> {
  let body = '{"keys":[]}'
  let fetches = 0
  let instead: { status?: number; body?: string; location?: string } | null = null
  const server = createServer((_request, response) => {
    fetches++
    const headers = { 'content-type': 'application/json', ...(instead?.location ? { location: instead.location } : {}) }
    response.writeHead(instead?.status ?? 200, headers).end(instead?.body ?? body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    fetches: () => fetches,
    async publish(...names) {
      const keys = await Promise.all(
        names.map(async (name) => ({
          ...(await exportJWK(keyPair(name).publicKey)),
          kid: kidOf(name),
          use: 'sig',
          alg: 'RS256'
        }))
      )
      body = JSON.stringify({ keys })
    },
    answer(given) {
      instead = given
    }
  }
}

/** Members to change, deeply; `undefined` removes one. */
export type Changes = Readonly<Record<string, unknown>>

/** How a token is signed; everything has a good default. */
export interface Signing {
  readonly key?: string
  readonly header?: Changes
  /** Signs by HMAC with these bytes instead. */
  readonly hmac?: Uint8Array
}

export interface ForgeScene extends TestApp {
  readonly keys: KeyServer
  /** Each question to the store, in order. */
  readonly reads: string[]
  claims(changes?: Changes): Record<string, unknown>
  token(changes?: Changes, signing?: Signing): Promise<string>
  /** A good call of `/forge`, changed. */
  call(token: string, changes?: InjectOptions): InjectOptions
}

export interface ForgeOverrides extends Omit<AppOverrides, 'forge' | 'store'> {
  readonly forge?: Partial<ForgeOptions>
  readonly store?: TenantStore
  /** A server of keys that exists already. */
  readonly keys?: KeyServer
}

/**
 * An app with a Connect and a Forge part, and a server of keys that it believes. Routes: `/forge` (forge), `/optional`
 * (forge, with or without a user), `/event` (forge, without a user), `/both` (context and forge), beside those of
 * `buildApp`.
 */
export async function buildForgeApp(t: Test, overrides: ForgeOverrides = {}): Promise<ForgeScene> {
  const clock = overrides.clock ?? createTestClock()
  const keys = overrides.keys ?? (await createKeyServer(t))
  if (overrides.keys === undefined) await keys.publish('one')
  const reads: string[] = []
  const writes: string[] = []
  const reached: string[] = []
  const store = counted(overrides.store ?? createMemoryTenantStore({ appKey: APP_KEY }), reads, writes)
  const { keys: _, ...rest } = overrides
  const built = await buildApp(t, {
    ...rest,
    clock,
    store,
    forge: { appId: APP_ID, environments: ['PRODUCTION'], jwksUrl: keys.url, ...overrides.forge },
    routes(app) {
      addForgeRoutes(app, reached)
      overrides.routes?.(app)
    }
  })
  // The keys are fetched when the server is ready, and nobody waits for them.
  await until(() => keys.fetches() > 0)
  return {
    ...built,
    store,
    keys,
    reads,
    writes,
    reached,
    claims: (changes) => claimsOf(clock, changes),
    token: (changes, signing) => sign(claimsOf(clock, changes), signing),
    call: (token, changes = {}) => ({
      method: 'GET',
      url: '/forge',
      ...changes,
      headers: { authorization: `Bearer ${token}`, ...changes.headers }
    })
  }
}

function addForgeRoutes(app: FastifyInstance, reached: string[]): void {
  const answer = async (request: FastifyRequest) => {
    reached.push(request.routeOptions.url ?? '')
    const { tenant, forge, principal } = requireForge(request)
    return { tenantId: tenant.tenantId, accountId: forge.accountId, principal: principal.type }
  }
  const methods = ['GET', 'POST']
  app.route({ method: methods, url: '/forge', ...app.atlassian.protect('forge'), handler: answer })
  app.route({
    method: methods,
    url: '/optional',
    ...app.atlassian.protect('forge', { principal: 'optional' }),
    handler: answer
  })
  app.post('/event', app.atlassian.protect('forge', { principal: 'forbidden' }), answer)
  app.get('/both', app.atlassian.protect(['context', 'forge']), async (request) => {
    reached.push('/both')
    return { platform: request.atlassian?.platform, tenantId: request.tenant?.tenantId }
  })
}

/** The claims of a UI call in Confluence (forge.md 2.3). */
export function claimsOf(clock: TestClock, changes: Changes = {}): Record<string, unknown> {
  const now = Math.floor(clock() / 1000)
  const apiBaseUrl = `https://api.atlassian.com/ex/confluence/${CLOUD_ID}`
  return changed(
    {
      app: {
        id: APP_ARI,
        appVersion: '16.0.1',
        installationId: INSTALLATION,
        apiBaseUrl,
        installation: { id: INSTALLATION, contexts: [{ name: 'confluence', apiBaseUrl, cloudId: CLOUD_ID }] },
        environment: { type: 'PRODUCTION', id: ENVIRONMENT },
        module: { type: 'xen:macro', key: 'report' },
        license: { active: true, type: 'COMMERCIAL', isEvaluation: false, modes: ['USER_ACCESS'] }
      },
      context: {
        cloudId: CLOUD_ID,
        moduleKey: 'report',
        siteUrl: 'https://example.atlassian.net',
        extension: { type: 'macro', content: { id: '5341185' }, space: { key: 'DS', id: '65538' } }
      },
      principal: ACCOUNT_ID,
      aud: APP_ARI,
      iss: 'forge/invocation-token',
      iat: now,
      nbf: now,
      exp: now + 25,
      jti: 'd8a496253ec8c18a54631e4c82cbedd5d0ae8570'
    },
    changes
  )
}

/** Of an event: no user, no place, an endpoint as module. */
export const EVENT: Changes = Object.freeze({
  principal: undefined,
  context: undefined,
  app: { module: { type: 'core:endpoint', key: 'events' } }
})

function changed(base: Readonly<Record<string, unknown>>, changes: Changes): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(changes)) {
    const before = result[name]
    if (value === undefined) delete result[name]
    else result[name] = isPlain(value) && isPlain(before) ? changed(before, value) : value
  }
  return result
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export async function sign(claims: unknown, { key = 'one', header = {}, hmac }: Signing = {}): Promise<string> {
  const protectedHeader = changed({ alg: hmac ? 'HS256' : 'RS256', kid: kidOf(key) }, header)
  // A library that signs refuses to make what ours has to refuse.
  if (hmac === undefined && (protectedHeader.alg !== 'RS256' || 'crit' in protectedHeader)) {
    const input = `${segment(protectedHeader)}.${segment(claims)}`
    return `${input}.${signBytes('sha256', Buffer.from(input), keyPair(key).privateKey).toString('base64url')}`
  }
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(protectedHeader as unknown as CompactJWSHeaderParameters)
    .sign(hmac === undefined ? keyPair(key).privateKey : createSecretKey(hmac))
}

export function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 500) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function counted(store: TenantStore, reads: string[], writes: string[]): TenantStore {
  return {
    ...store,
    async find(lookup) {
      reads.push(Object.keys(lookup).join())
      return await store.find(lookup)
    },
    async save(tenant, expectedVersion, deliveries) {
      writes.push(`save ${tenant.tenantId}`)
      return await store.save(tenant, expectedVersion, deliveries)
    },
    async handOver(from, to, deliveries) {
      writes.push(`hand over ${from.tenantId}`)
      return await store.handOver(from, to, deliveries)
    }
  }
}
