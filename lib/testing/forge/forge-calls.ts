import { randomBytes } from 'node:crypto'
import type { AppCaller } from '../app-caller.ts'
import { connectTo } from '../deliver.ts'
import type { Site } from '../site.ts'
import { descriptorBase } from '../site-app.ts'
import type { AnsweredExchange, App, ExchangeKind, PageOptions } from '../types.ts'
import { chooseUser } from '../users.ts'
import type { ApiTokens } from './api-tokens.ts'
import type { Installation, Installations } from './installations.ts'
import type { SignInvocation } from './invocation-token.ts'
import type { ForgeEndpoint, ReadManifest } from './manifest-reader.ts'
import type { ForgeCallOptions, ForgeChoice } from './types.ts'

/** What every kind of call needs. */
export interface ForgeWorld {
  readonly clock: () => number
  readonly call: AppCaller
  readonly installations: Installations
  readonly tokens: ApiTokens
  readonly sign: SignInvocation
  manifest(): ReadManifest
  findSite(name: string | undefined): Site
  /** Ends early when the simulator closes. */
  wait(ms: number): Promise<void>
  /** Aborted when the simulator closes: no repeat follows. */
  readonly closing: AbortSignal
  readonly eventTimeoutMs: number
  readonly uiTimeoutMs: number
}

/** One request of the host to the app. */
export interface ForgeCall {
  readonly kind: ExchangeKind
  readonly installation: Installation
  readonly site: Site
  readonly module: { readonly type: string; readonly key: string }
  /** Null: without user and context. */
  readonly page: PageOptions | null
  /** Which API tokens it brings. */
  readonly auth: Pick<ForgeEndpoint, 'system' | 'user'>
  readonly method: string
  /** Below the remote's base URL. */
  readonly path: string
  readonly body: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly options: ForgeCallOptions
}

export type SendForge = (app: App, call: ForgeCall) => Promise<AnsweredExchange>

export function createForgeSender(world: ForgeWorld): SendForge {
  return async (app, call) => {
    const { options, installation, site } = call
    const token = options.token ?? (await world.sign({ ...call, claims: options.claims }))
    const connection = connectTo(app, call.timeoutMs)
    return await world.call(site, {
      kind: call.kind,
      method: call.method,
      url: { absolute: remoteUrl(await descriptorBase(app, connection), call.path), signed: '' },
      headers: {
        ...(call.body === null ? {} : { 'content-type': 'application/json' }),
        ...lowerCase(call.headers),
        ...lowerCase(options.headers),
        ...(isBrowser(call) ? {} : traceHeaders(options.traceId)),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(await oauthHeaders(installation, call))
      },
      body: call.body,
      token,
      tokenKind: token === '' ? null : 'invocation',
      connection
    })
  }

  async function oauthHeaders(installation: Installation, call: ForgeCall): Promise<Record<string, string>> {
    const { systemToken, userToken } = call.options
    const user = call.page === null ? null : chooseUser(call.page.user)
    const system = systemToken === undefined && call.auth.system ? await world.tokens.system(installation) : systemToken
    const own =
      userToken === undefined && call.auth.user && user !== null
        ? await world.tokens.user(installation, user)
        : userToken
    return {
      ...(typeof system === 'string' ? { 'x-forge-oauth-system': system } : {}),
      ...(typeof own === 'string' ? { 'x-forge-oauth-user': own } : {})
    }
  }
}

/** What the host's frame sends comes straight from a browser: no gateway of the host adds anything. */
function isBrowser({ kind }: ForgeCall): boolean {
  return kind === 'browser' || kind === 'preflight'
}

function traceHeaders(traceId = randomBytes(16).toString('hex')): Record<string, string> {
  return { 'x-b3-traceid': traceId, 'x-b3-spanid': randomBytes(8).toString('hex') }
}

/** The installation that is meant, and the site of it that calls. */
export function placeOf(world: ForgeWorld, choice: ForgeChoice): { installation: Installation; site: Site } {
  const installation = world.installations.choose(choice)
  const named = choice.site === undefined ? undefined : world.findSite(choice.site)
  const site = named !== undefined && installation.sites.includes(named) ? named : installation.sites[0]
  return { installation, site }
}

/** A body as a caller gives it: text as it is, anything else as JSON. */
export function bodyText(body: unknown): string | null {
  if (body === undefined) return null
  return typeof body === 'string' ? body : JSON.stringify(body)
}

export function lowerCase(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
}

function remoteUrl(base: string, path: string): string {
  return new URL(base + (path.startsWith('/') || path === '' ? '' : '/') + path).href
}
