import { findContext } from '../page-context.ts'
import type { Site } from '../site.ts'
import type { AnsweredExchange, App, Exchange, ExchangeKind } from '../types.ts'
import { chooseUser } from '../users.ts'
import { productPayload } from './event-payloads.ts'
import { type ForgeWorld, placeOf, type SendForge } from './forge-calls.ts'
import type { Installation } from './installations.ts'
import type { ForgeEndpoint } from './manifest-reader.ts'
import type { ForgeEventOptions, ForgeScheduleOptions } from './types.ts'

/** The first try and four repeats, one minute apart (forge.md 1.1). */
const ATTEMPTS = 5
const PAUSE_MS = 60_000

/** One body on its way to one endpoint. */
export interface Delivery {
  readonly kind: ExchangeKind
  readonly installation: Installation
  readonly site: Site
  readonly endpoint: ForgeEndpoint
  /** Made anew for every try; `retryContext` belongs into product events only. */
  body(retryContext: object | null): unknown
  readonly attempts: number
  readonly options: ForgeEventOptions
}

export interface Deliveries {
  deliver(app: App, delivery: Delivery): Promise<Exchange>
  /** To every trigger that lists the event; null when none does. */
  toTriggers(
    app: App,
    installation: Installation,
    site: Site,
    name: string,
    options: ForgeEventOptions
  ): Promise<Exchange | null>
  event(app: App, name: string, options?: ForgeEventOptions): Promise<Exchange>
  schedule(app: App, key: string, options?: ForgeScheduleOptions): Promise<Exchange>
}

export function createDeliveries(world: ForgeWorld, send: SendForge, shape: 'flat' | 'nested'): Deliveries {
  async function deliver(app: App, delivery: Delivery): Promise<Exchange> {
    const { kind, installation, site, endpoint, attempts, options } = delivery
    const path = options.path ?? endpoint.path
    if (path === null)
      throw new Error(`The endpoint "${endpoint.key}" of the manifest has no route, which events need.`)
    let retryContext: object | null = null
    for (let attempt = 1; ; attempt += 1) {
      const exchange: AnsweredExchange = await send(app, {
        kind,
        installation,
        site,
        module: { type: 'core:endpoint', key: endpoint.key },
        page: null,
        // No user is there, so no token of one.
        auth: { system: endpoint.system, user: false },
        method: 'POST',
        path,
        body: JSON.stringify(delivery.body(retryContext)),
        timeoutMs: world.eventTimeoutMs,
        options
      })
      const reason = retryReason(exchange)
      if (reason === null || attempt >= attempts || !installation.alive || world.closing.aborted) return exchange
      retryContext = { retryCount: attempt, retryReason: reason, retryData: null }
      await world.wait(PAUSE_MS)
    }
  }

  function eventBody(name: string, payload: Readonly<Record<string, unknown>>, options: ForgeEventOptions) {
    return (retryContext: object | null) => {
      const body = {
        eventType: name,
        ...payload,
        ...(options.selfGenerated === undefined ? {} : { selfGenerated: options.selfGenerated }),
        ...(retryContext === null ? {} : { retryContext })
      }
      return shape === 'flat' ? body : { payload: body }
    }
  }

  async function deliverEvent(
    app: App,
    at: { readonly installation: Installation; readonly site: Site },
    name: string,
    endpoint: ForgeEndpoint,
    options: ForgeEventOptions
  ): Promise<Exchange> {
    const attempts = options.attempts ?? ATTEMPTS
    const body = eventBody(name, options.payload ?? defaultPayload(at.site, options), options)
    return await deliver(app, { kind: 'event', ...at, endpoint, body, attempts, options })
  }

  async function toTriggers(
    app: App,
    installation: Installation,
    site: Site,
    name: string,
    options: ForgeEventOptions
  ): Promise<Exchange | null> {
    let last: Exchange | null = null
    for (const { events, endpoint } of world.manifest().triggers) {
      if (endpoint === null || !events.includes(name)) continue
      last = await deliverEvent(app, { installation, site }, name, endpoint, options)
    }
    return last
  }

  return {
    deliver,
    toTriggers,
    async event(app, name, options = {}) {
      const at = placeOf(world, options)
      if (options.path !== undefined) {
        return await deliverEvent(app, at, name, namedEndpoint(world, options), options)
      }
      const last = await toTriggers(app, at.installation, at.site, name, options)
      if (last !== null) return last
      const listed = world.manifest().triggers.flatMap(({ events }) => events)
      throw new Error(`No trigger of the manifest lists "${name}". They list: ${listed.join(', ') || 'nothing'}.`)
    },
    async schedule(app, key, options = {}) {
      const at = placeOf(world, options)
      const module = world.manifest().scheduled.find((each) => each.key === key)
      if (module === undefined && options.path === undefined) {
        const known = world.manifest().scheduled.map((each) => each.key)
        throw new Error(`The manifest has no scheduled trigger "${key}". It has: ${known.join(', ') || 'none'}.`)
      }
      const endpoint = module?.endpoint ?? namedEndpoint(world, options)
      const context = { cloudId: at.site.cloudId, moduleKey: key }
      const body = () => ({ context, contextToken: 'opaque' })
      return await deliver(app, { kind: 'scheduled', ...at, endpoint, body, attempts: options.attempts ?? 1, options })
    }
  }
}

/** Where the caller says the path, the manifest only says which tokens come along. */
function namedEndpoint(world: ForgeWorld, options: ForgeScheduleOptions): ForgeEndpoint {
  const key = options.endpoint ?? 'endpoint'
  const { given, endpoints } = world.manifest()
  const known = endpoints.get(key)
  return known ?? { key, path: null, system: !given, user: false }
}

/** About the issue or page that the options name, or the first one. */
function defaultPayload(site: Site, options: ForgeEventOptions): Record<string, unknown> {
  const { issue, page } = findContext(site, options)
  const actor = chooseUser(options.user)?.accountId ?? null
  return productPayload(site, { actor, issue, page })
}

function retryReason({ status, verdict }: Exchange): string | null {
  if (status >= 200 && status < 300) return null
  if (status === 401) return 'INVALID_FORGE_INVOCATION_TOKEN'
  return status === 0 && verdict.includes('no answer within') ? 'TIMEOUT_ERROR' : 'INVALID_REMOTE_INVOCATION_ERROR'
}
