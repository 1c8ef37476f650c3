import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppCaller } from '../app-caller.ts'
import { connectTo } from '../deliver.ts'
import type { LifecycleCalls } from '../lifecycle-calls.ts'
import { signAnything } from '../signing.ts'
import type { Site } from '../site.ts'
import { descriptorBase } from '../site-app.ts'
import type { SiteEvent } from '../site-event.ts'
import type { App } from '../types.ts'
import { chooseUser } from '../users.ts'
import { answerLogged, type HostEndpoint, type HostLedger, jsonAnswer } from './answer-logged.ts'
import { createApiTokens } from './api-tokens.ts'
import { createResidencyCalls } from './data-residency.ts'
import { createDeliveries } from './deliveries.ts'
import { createForgeSender, type ForgeWorld, placeOf } from './forge-calls.ts'
import { createForgeKeys } from './forge-keys.ts'
import { createGraphql } from './graphql.ts'
import { createInstallations } from './installations.ts'
import { createInvocationSigner } from './invocation-token.ts'
import { type ForgeModule, readManifest } from './manifest-reader.ts'
import { createMoves } from './moves.ts'
import { createPlatformApi } from './platform-api.ts'
import { createProductGateway } from './product-gateway.ts'
import { createSiteEvents } from './site-events.ts'
import type { ForgeEnvironmentType, ForgeHost, ForgeSimulatorOptions } from './types.ts'
import { createUiCalls, uiModule } from './ui-calls.ts'

const JWKS_PATH = '/.well-known/jwks.json'
const TYPES: readonly ForgeEnvironmentType[] = ['DEVELOPMENT', 'STAGING', 'PRODUCTION']

/** What the Forge side needs of the host around it. */
export interface ForgeSurroundings extends HostLedger {
  readonly call: AppCaller
  readonly connect: LifecycleCalls
  readonly sites: readonly Site[]
  readonly options: ForgeSimulatorOptions
  findSite(name: string | undefined): Site
  /** Address of the control server; known once it listens. */
  url(): string
  meetConnect(site: Site, app: App): Promise<void>
  /** Something changed on a site by a call of the app. */
  emit(site: Site, events: readonly SiteEvent[]): void
  stateChanged(): void
}

/** The Forge side with what only the host around it uses. */
export interface ForgePart {
  readonly host: ForgeHost
  /** Whether the request is one for the Forge side; then it is being answered. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void> | null
  /** Whether this is a living token of an app in its installation. */
  isSystemToken(token: string): boolean
  /** The app of an installation on either platform. */
  remember(app: App): Promise<void>
  /** Tells the app what happened, where a trigger of the manifest lists it. */
  emit(site: Site, events: readonly SiteEvent[]): void
  settled(): Promise<void>
  /** No repeat follows. */
  close(): void
}

export function createForgePart(around: ForgeSurroundings): ForgePart {
  const { clock, options, findSite, url, stateChanged } = around
  let manifest = readManifest(options.manifest)
  let version = '1.0.0'
  /** Address of the app that is remembered. */
  let base = ''
  const resources = options.resources ?? {}
  const appId = options.appId ?? manifest.appId ?? randomUUID()
  const environments = Object.fromEntries(
    TYPES.map((type) => [type, { type, id: `ari:cloud:ecosystem::environment/${appId}/${randomUUID()}` }])
  ) as ForgeHost['environments']
  const keys = createForgeKeys()
  const tokens = createApiTokens(clock)
  const installations = createInstallations(environments, findSite)
  const sign = createInvocationSigner(keys, clock, `ari:cloud:ecosystem::app/${appId}`, url)
  const closing = new AbortController()
  const closed = new Promise<void>((resolve) => closing.signal.addEventListener('abort', () => resolve()))
  const world: ForgeWorld = {
    clock,
    call: around.call,
    installations,
    tokens,
    sign,
    findSite,
    manifest: () => manifest,
    wait: async (ms) => void (await Promise.race([options.wait?.(ms), closed])),
    closing: closing.signal,
    eventTimeoutMs: options.eventTimeoutMs ?? 5000,
    uiTimeoutMs: options.uiTimeoutMs ?? 25_000
  }
  const send = createForgeSender(world)
  const deliveries = createDeliveries(world, send, options.eventShape ?? 'flat')
  const siteEvents = createSiteEvents(world, deliveries)
  const moves = createMoves({
    world,
    send,
    deliveries,
    connect: around.connect,
    appId,
    version: () => version,
    clientKeyShape: options.clientKeyShape ?? 'text',
    meetConnect: around.meetConnect
  })
  const published: HostEndpoint = {
    kind: 'key',
    target: 'forge-keys',
    answer: async () => ({
      answer: jsonAnswer(200, await keys.published()),
      site: '',
      tokenKind: null,
      verdict: 'keys of invocation tokens: answered 200'
    })
  }
  const gateway = createProductGateway({
    clock,
    tokens,
    sites: around.sites,
    manifest: () => manifest,
    emit: around.emit
  })
  const graphql = createGraphql(clock, tokens, () => manifest)
  const platform = createPlatformApi(appId, tokens)

  function endpointOf(path: string): HostEndpoint | null {
    if (path.startsWith('/ex/')) return gateway
    if (path.startsWith('/forge/')) return platform
    const [pathname] = path.split('?')
    if (pathname === JWKS_PATH) return published
    return pathname === '/graphql' ? graphql : null
  }

  /** The app of the last call about an installation hears of what happens on its sites. */
  async function moving<Result>(app: App, move: () => Promise<Result>): Promise<Result> {
    await remember(app)
    return await move().finally(stateChanged)
  }

  async function remember(app: App): Promise<void> {
    siteEvents.listen(app)
    base = await descriptorBase(app, connectTo(app, world.uiTimeoutMs))
  }

  function frontEndOf({ key, resource }: ForgeModule): string | null {
    const path = options.frontEnds?.[key]
    if (path !== undefined) return base + path
    return resource !== null && Object.hasOwn(resources, resource) ? `${url()}/ui/${resource}/index.html` : null
  }

  const host: ForgeHost = {
    appId,
    environments,
    get jwksUrl() {
      return url() + JWKS_PATH
    },
    get app() {
      return siteEvents.listener
    },
    get modules() {
      return manifest.uiModules.map((module) => {
        const { key, type, title } = module
        return { key, type, title, url: frontEndOf(module) }
      })
    },
    resources,
    installations: installations.list,
    connectOptions: () => ({ appId, environments: [...TYPES], jwksUrl: url() + JWKS_PATH, apiHosts: [url()] }),
    deploy(next, appVersion) {
      manifest = readManifest(next)
      version = appVersion ?? `${Number(version.split('.')[0]) + 1}.0.0`
    },
    installation: installations.choose,
    install: async (app, given) => await moving(app, () => moves.install(app, given)),
    upgrade: async (app, given) => await moving(app, () => moves.upgrade(app, given)),
    reinstall: async (app, given) => await moving(app, () => moves.reinstall(app, given)),
    uninstall: async (app, given) => await moving(app, () => moves.uninstall(app, given)),
    ...createUiCalls(world, send),
    event: deliveries.event,
    schedule: deliveries.schedule,
    dataResidency: createResidencyCalls(world, send),
    systemToken: async (choice = {}) => await tokens.system(installations.choose(choice)),
    async userToken(choice = {}) {
      const user = chooseUser(choice.user)
      if (user === null) throw new Error('An anonymous visitor has no token.')
      return await tokens.user(installations.choose(choice), user)
    },
    revokeTokens: (choice = {}) => tokens.revoke(installations.choose(choice)),
    rotateKeys: async (given = {}) => void (await keys.rotate(given.withdraw === true)),
    publicKey: async () => (await keys.current()).publicPem,
    sign: {
      async invocationToken(given = {}) {
        const { installation, site } = placeOf(world, given)
        const { claims, header, key, kind = 'ui' } = given
        const isEvent = kind === 'event'
        const named = typeof given.module === 'string' ? given.module : 'endpoint'
        const module =
          isEvent && typeof given.module !== 'object'
            ? { type: 'core:endpoint', key: named }
            : uiModule(world, site, given)
        return await sign({ installation, site, module, page: isEvent ? null : given, claims, header, key })
      },
      custom: signAnything
    }
  }

  return {
    host,
    serve(request, response) {
      const endpoint = endpointOf(request.url ?? '/')
      return endpoint === null ? null : answerLogged(around, endpoint, request, response)
    },
    isSystemToken: (token) => tokens.find(token)?.kind === 'system',
    remember,
    emit: siteEvents.emit,
    settled: siteEvents.settled,
    close: () => closing.abort()
  }
}
