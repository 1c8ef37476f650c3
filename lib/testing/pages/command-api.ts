import { randomUUID } from 'node:crypto'
import type { Exchange, UserChoice } from '../types.ts'
import { installationOn } from './platform.ts'
import { PageError } from './respond.ts'
import type { Visit } from './view.ts'

type Body = Readonly<Record<string, unknown>>

/** A request as a site would send it, for somebody who sends it himself. */
export interface SignedByHost {
  readonly site: string
  readonly method: string
  /** Absolute; of a page it holds the token. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What the simulator signs for the command line. */
const kinds = ['page', 'webhook', 'context', 'forge'] as const

/**
 * Signs `method` and `path` for the app of this site, which is installed first if `app` says where it is. Only for an
 * app on the loopback address: what comes out opens it.
 */
export async function signRequest(visit: Visit, body: Body): Promise<SignedByHost> {
  const { host, site } = visit
  const kind = kinds.find((one) => one === body.kind)
  if (kind === undefined) throw new PageError(400, `"kind" is one of ${kinds.join(', ')}`)
  const base = kind === 'forge' ? await meetForge(visit, body) : await meetConnect(visit, body)
  const path = tidyPath(base, body.path)
  const method = textOr(body.method, kind === 'webhook' || kind === 'forge' ? 'POST' : 'GET').toUpperCase()
  const who = userOf(visit, body)
  const signed = (token: string, scheme: string) => ({
    site: site.name,
    method,
    url: base + path,
    headers: { authorization: `${scheme} ${token}` }
  })
  if (kind === 'forge') return signed(await host.forge.sign.invocationToken(who), 'Bearer')
  if (kind === 'context') return signed(await host.sign.contextToken(who), 'JWT')
  if (kind === 'webhook') return signed(await host.sign.webhookToken({ ...who, method, url: path }), 'JWT')
  const token = await host.sign.pageToken({ ...who, method, url: path })
  const url = `${base}${path}${path.includes('?') ? '&' : '?'}jwt=${token}`
  return { site: site.name, method, url, headers: {} }
}

/**
 * Delivers a recorded webhook or event of Forge once more, signed anew, to the app of this site, which is installed
 * first if it has to be. A webhook gets an identifier of its own unless `sameIdentifier` is true.
 */
export async function deliverRecording(
  visit: Visit,
  body: Body
): Promise<{ exchange: Pick<Exchange, 'status' | 'verdict'> }> {
  const { host, site } = visit
  const isForge = body.kind === 'forge-event'
  const base = isForge ? await meetForge(visit, body) : await meetConnect(visit, body)
  const path = tidyPath(base, body.path)
  const headers = harmlessHeaders(body.headers)
  const payload = body.body ?? undefined
  if (isForge) {
    const app = host.forge.app ?? base
    const { status, verdict } = await host.forge.invokeFromFunction(app, path, {
      site: site.name,
      headers,
      body: payload,
      module: textOr(body.endpoint, 'endpoint')
    })
    return { exchange: { status, verdict } }
  }
  if (body.sameIdentifier !== true && 'x-atlassian-webhook-identifier' in headers) {
    headers['x-atlassian-webhook-identifier'] = randomUUID()
    delete headers['x-atlassian-webhook-retry']
  }
  const token = await host.sign.webhookToken({ ...userOf(visit, body), method: 'POST', url: path })
  const call = { site: site.name, method: 'POST', token, headers, body: payload }
  const { status, verdict } = await host.callApp(path, call)
  return { exchange: { status, verdict } }
}

/** The address of the app, once the site has it. */
async function meetConnect({ host, site }: Visit, body: Body): Promise<string> {
  const wanted = wantedApp(body)
  const known = host.appAddress({ site: site.name })
  const isThere = site.installed && known !== null && (wanted === undefined || known.startsWith(wanted))
  if (!isThere) {
    const { status, verdict } = await host.install(wanted, { site: site.name })
    if (status !== 200 && status !== 204) throw new PageError(409, `The app could not be installed: ${verdict}`)
  }
  return needLoopback(host.appAddress({ site: site.name }))
}

/** The same for Forge. */
async function meetForge({ host, site }: Visit, body: Body): Promise<string> {
  const app = wantedApp(body) ?? host.forge.app
  if (app === null) throw new PageError(409, 'No app is known yet: name its address.')
  if (typeof app !== 'string') throw new PageError(409, 'The app of this host has no address.')
  needLoopback(app)
  if (installationOn(host, site) === undefined) {
    // A site that has the app over Connect keeps it.
    if (site.installed) await host.forge.upgrade(app, { site: site.name, to: 'connect-on-forge' })
    else await host.forge.install(app, { site: site.name })
  }
  return app.replace(/\/+$/, '')
}

function wantedApp({ app }: Body): string | undefined {
  return typeof app === 'string' && app !== '' ? needLoopback(app.replace(/\/+$/, '')) : undefined
}

function needLoopback(address: string | null): string {
  const hostname = address === null || !URL.canParse(address) ? '' : new URL(address).hostname
  if (!/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)) {
    throw new PageError(403, 'This is done for apps on the loopback address only.')
  }
  return address ?? ''
}

/** As the network will carry it, so that the hash is of what arrives. */
function tidyPath(base: string, path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/') || path.startsWith('//')) {
    throw new PageError(400, '"path" begins with one slash')
  }
  if (/[?&]jwt=/.test(path)) throw new PageError(400, '"path" has a token already')
  const { pathname, search } = new URL(base + path)
  return pathname.slice(new URL(base).pathname.replace(/\/$/, '').length) + search
}

function userOf({ site, user }: Visit, body: Body): UserChoice {
  if (typeof body.user === 'string') return { site: site.name, user: body.user }
  return { site: site.name, user: body.user === null ? null : (user?.accountId ?? null) }
}

/** What carries the delivery itself is made anew. */
const ownHeaders = /^(?:host|connection|content-length|transfer-encoding|authorization|cookie|x-forge-oauth-.*)$/

function harmlessHeaders(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  const headers = Object.entries(value).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' && !ownHeaders.test(name.toLowerCase()) ? [[name.toLowerCase(), text]] : []
  )
  return Object.fromEntries(headers)
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback
}
