import type { FastifyInstance } from 'fastify'
import type { Exchange, HostSimulator } from 'fastify-atlassian/testing'
import { APP_KEY } from '../helpers/app.ts'

/** One life-cycle call as the host sends it, with everything replaceable. */
export interface LifecycleCall {
  readonly site?: string
  readonly clientKey?: string
  readonly sharedSecret?: string
  /** Seconds; default: the host's clock. */
  readonly iat?: number
  readonly claims?: Readonly<Record<string, unknown>>
  /** Merged into the body. */
  readonly body?: Readonly<Record<string, unknown>>
  /** The raw token instead of a fresh one; an empty string sends none. */
  readonly token?: string
  readonly url?: string
}

type Event = 'installed' | 'uninstalled' | 'enabled' | 'disabled'

/** The body of a call, new for each. */
export function lifecycleBody(host: HostSimulator, event: Event, call: LifecycleCall = {}): Record<string, unknown> {
  const site = host.site(call.site)
  return {
    key: APP_KEY,
    clientKey: call.clientKey ?? site.clientKey,
    ...(event === 'installed' ? { sharedSecret: call.sharedSecret ?? site.sharedSecret } : {}),
    baseUrl: site.baseUrl,
    productType: site.product,
    eventType: event,
    ...call.body
  }
}

/** The token of a call. The site has to know the app, from an `install` before. */
export async function lifecycleToken(host: HostSimulator, event: Event, call: LifecycleCall = {}): Promise<string> {
  const signed = event === 'installed' || event === 'uninstalled'
  const times = call.iat === undefined ? {} : { iat: call.iat, exp: call.iat + 900 }
  const issuer = call.clientKey === undefined ? {} : { iss: call.clientKey }
  const claims = { ...issuer, ...times, ...call.claims }
  const url = call.url ?? `/${event}`
  const site = call.site === undefined ? {} : { site: call.site }
  if (signed) return await host.sign.installToken({ ...site, url, claims })
  const key = call.sharedSecret === undefined ? {} : { key: call.sharedSecret }
  return await host.sign.webhookToken({ ...site, url, claims, ...key })
}

export async function sendLifecycle(app: FastifyInstance, host: HostSimulator, event: Event, call: LifecycleCall = {}) {
  const token = call.token ?? (await lifecycleToken(host, event, call))
  return await app.inject({
    method: 'POST',
    url: call.url ?? `/${event}`,
    headers: token === '' ? {} : { authorization: `JWT ${token}` },
    payload: lifecycleBody(host, event, call)
  })
}

/** The exchange of an install that a test relies on. */
export async function installed(host: HostSimulator, app: FastifyInstance, site?: string): Promise<Exchange> {
  const exchange = await host.install(app, site === undefined ? {} : { site })
  if (exchange.status !== 204) throw new Error(`the install was refused: ${exchange.verdict}`)
  return exchange
}
