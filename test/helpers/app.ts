import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { type ConnectOptions, connectPlugin, requireConnect, type TenantStore } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator, type HostSimulatorOptions } from 'fastify-atlassian/testing'
import type { Test } from 'tap'

/** The key of the app that `buildApp` makes. */
export const APP_KEY = 'test-app'
/** Its default address. `inject` reaches it without a port. */
export const BASE_URL = 'https://app.example.com'

/** A clock that a test moves: it stands still at a whole second, and the app and the simulated host share it. */
export interface TestClock {
  (): number
  advanceSeconds(seconds: number): void
}

/** Everything is optional: options of `connectPlugin` by their names, and four of the helper's own. */
export interface AppOverrides extends Partial<ConnectOptions> {
  readonly clock?: TestClock
  /** Merged into the descriptor's top level. */
  readonly descriptorMembers?: Readonly<Record<string, unknown>>
  /** Options of Fastify beside the logger. */
  readonly fastify?: FastifyServerOptions
  /** `null` takes the logger's default serializers (default), an object replaces them. */
  readonly serializers?: Readonly<Record<string, (value: never) => unknown>> | null
  readonly hostOptions?: HostSimulatorOptions
  /** A simulator that exists already; the one who made it closes it. */
  readonly host?: HostSimulator
  /** Called after the plugin, before the app is ready. */
  readonly routes?: (app: FastifyInstance) => void
}

export interface TestApp {
  readonly app: FastifyInstance
  readonly host: HostSimulator
  readonly store: TenantStore
  readonly clock: TestClock
  /** Every log line of the app at level trace, as text. */
  readonly lines: string[]
  /** Each change of the store in order: `save <tenantId>` and `inbox <event>`. */
  readonly writes: string[]
  /** The path of each handler of ours that ran. */
  readonly reached: string[]
}

/**
 * An app on a memory store and a simulated host that know each other; both end with the test. Not installed yet: call
 * `await host.install(app)`. Its routes (below the path of `baseUrl`):
 * GET and POST `/panel` (page, a web panel `panel`), `/api` (context), `/session` (session), `/mixed` (all three),
 * `/public` (none), `/own-webhook` (webhook); built in: `/installed`, `/uninstalled`, `/enabled`, `/disabled`,
 * POST `/hook` (jira:issue_updated and jira:issue_created) and `/atlassian/session`.
 */
export async function buildApp(t: Test, overrides: AppOverrides = {}): Promise<TestApp> {
  const { descriptorMembers, fastify, serializers, hostOptions, host: given, routes, ...options } = overrides
  const clock = options.clock ?? createTestClock()
  const host = given ?? (await createHostSimulator({ clock, ...hostOptions }))
  if (given === undefined) t.teardown(() => host.close())
  const lines: string[] = []
  const writes: string[] = []
  const reached: string[] = []
  const app = Fastify({
    logger: {
      level: 'trace',
      stream: { write: (line: string) => void lines.push(line) },
      ...(serializers ? { serializers: serializers as never } : {})
    },
    ...fastify
  })
  t.teardown(() => app.close())
  const store = watched(createMemoryTenantStore({ appKey: APP_KEY }), writes)
  const baseUrl = options.baseUrl ?? BASE_URL
  await app.register(connectPlugin, {
    descriptor: { ...testDescriptor(), ...descriptorMembers },
    baseUrl,
    store,
    environment: 'test',
    ...host.connectOptions(),
    ...options,
    clock
  })
  const prefix = options.mountPath ?? new URL(baseUrl).pathname.replace(/\/$/, '')
  const answer = async (request: FastifyRequest) => {
    reached.push(request.routeOptions.url ?? '')
    const { tenant, connect, principal } = requireConnect(request)
    return { reached: request.routeOptions.url, clientKey: tenant.clientKey, kind: connect.tokenKind, principal }
  }
  app.route({ method: ['GET', 'POST'], url: `${prefix}/panel`, handler: answer })
  app.route({ method: ['GET', 'POST'], url: `${prefix}/api`, ...app.atlassian.protect('context'), handler: answer })
  app.get(`${prefix}/session`, app.atlassian.protect('session'), answer)
  app.get(`${prefix}/mixed`, app.atlassian.protect(['page', 'context', 'session']), answer)
  app.post(`${prefix}/own-webhook`, app.atlassian.protect('webhook'), answer)
  app.get(`${prefix}/public`, app.atlassian.protect('none'), async () => ({ reached: 'public' }))
  routes?.(app)
  await app.ready()
  return { app, host, store, clock, lines, writes, reached }
}

export function createTestClock(): TestClock {
  let nowMs = Math.floor(Date.now() / 1000) * 1000
  return Object.assign(() => nowMs, {
    advanceSeconds(seconds: number) {
      nowMs += seconds * 1000
    }
  })
}

/** The descriptor of `buildApp`, new for each call. */
export function testDescriptor(): Record<string, unknown> {
  return {
    key: APP_KEY,
    name: 'Test',
    baseUrl: '{{localBaseUrl}}',
    authentication: { type: 'jwt' },
    scopes: ['READ'],
    lifecycle: {
      installed: '/installed',
      uninstalled: '/uninstalled',
      enabled: '/enabled',
      disabled: '/disabled'
    },
    modules: {
      webPanels: [{ key: 'panel', name: { value: 'Panel' }, location: 'atl.jira.view.issue.right', url: '/panel' }],
      webhooks: [
        { event: 'jira:issue_updated', url: '/hook' },
        { event: 'jira:issue_created', url: '/hook' }
      ]
    }
  }
}

function watched(store: TenantStore, writes: string[]): TenantStore {
  return {
    ...store,
    async save(tenant, expectedVersion, deliveries) {
      writes.push(`save ${tenant.tenantId}`)
      return await store.save(tenant, expectedVersion, deliveries)
    },
    inbox: {
      ...store.inbox,
      async add(delivery) {
        writes.push(`inbox ${delivery.event}`)
        return await store.inbox.add(delivery)
      }
    }
  }
}
