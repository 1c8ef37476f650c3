import type { Site } from '../site.ts'
import type { App } from '../types.ts'
import { chooseUser } from '../users.ts'
import { preflightRefusal, readRefusal } from './browser-rules.ts'
import { bodyText, type ForgeWorld, lowerCase, placeOf, type SendForge } from './forge-calls.ts'
import type { ForgeModule } from './manifest-reader.ts'
import { judgeAnswer } from './remote-answer.ts'
import type { ForgeAnswer, ForgeBrowserOptions, ForgeHost, ForgeRequestOptions } from './types.ts'

/** A token is used again until so little of it is left. */
const NEAR_EXPIRY_MS = 5000

const NO_AUTH = { system: false, user: false }

export type UiCalls = Pick<ForgeHost, 'invokeRemote' | 'requestRemote' | 'invokeFromFunction'>

export function createUiCalls(world: ForgeWorld, send: SendForge): UiCalls {
  /** By everything that a token says. */
  const reusable = new Map<string, { readonly token: string; readonly untilMs: number }>()

  async function reusedToken(options: ForgeBrowserOptions): Promise<string> {
    const { installation, site } = placeOf(world, options)
    const { type, key } = uiModule(world, site, options)
    const { issue, project, page, space } = options
    const user = chooseUser(options.user)?.accountId ?? null
    const name = JSON.stringify([
      installation.id,
      installation.appVersion,
      site.name,
      type,
      key,
      user,
      issue,
      project,
      page,
      space
    ])
    const known = reusable.get(name)
    if (known !== undefined && world.clock() < known.untilMs) return known.token
    const token = await world.sign({ installation, site, module: { type, key }, page: options })
    reusable.set(name, { token, untilMs: world.clock() + 25_000 - NEAR_EXPIRY_MS })
    return token
  }

  return {
    async invokeRemote(app, path, options = {}) {
      const { installation, site } = placeOf(world, options)
      const module = uiModule(world, site, options)
      const exchange = await send(app, {
        kind: 'invoke',
        installation,
        site,
        module,
        page: options,
        auth: module.endpoint ?? NO_AUTH,
        method: options.method ?? 'GET',
        path,
        body: bodyText(options.body),
        timeoutMs: world.uiTimeoutMs,
        options
      })
      return judgeAnswer(exchange)
    },

    async requestRemote(app, path, options = {}) {
      const { installation, site } = placeOf(world, options)
      const origin = options.origin ?? site.origin
      const browser = options.cors === false ? null : { origin }
      const method = options.method ?? 'GET'
      const common = { installation, site, module: uiModule(world, site, options), page: options, path }
      const request = { ...common, auth: NO_AUTH, timeoutMs: world.uiTimeoutMs }
      if (browser !== null) {
        const wanted = headersToAllow(options)
        const preflight = await sendPreflight(app, { ...request, origin, method, wanted, options })
        const refusal = preflightRefusal(preflight, { origin, method, headers: wanted })
        if (refusal !== null) return rejected(preflight, refusal)
      }
      const own = options.token === undefined && options.claims === undefined
      const answer = await send(app, {
        ...request,
        kind: 'browser',
        method,
        body: bodyText(options.body),
        headers: { origin },
        options: {
          ...options,
          ...(own ? { token: await reusedToken(options) } : {}),
          systemToken: options.systemToken ?? null,
          userToken: options.userToken ?? null
        }
      })
      const refusal = browser === null ? null : readRefusal(answer, origin)
      if (refusal !== null) return rejected(answer, refusal)
      return { ...answer, ...(answer.status === 0 ? lost(answer.verdict) : { outcome: 'resolved', rejection: null }) }
    },

    async invokeFromFunction(app, path, options = {}) {
      const { installation, site } = placeOf(world, options)
      const exchange = await send(app, {
        kind: 'invoke',
        installation,
        site,
        module: { type: 'core:endpoint', key: typeof options.module === 'string' ? options.module : 'function' },
        page: null,
        auth: world.manifest().remoteAuth,
        method: options.method ?? 'POST',
        path,
        body: bodyText(options.body),
        timeoutMs: world.uiTimeoutMs,
        options
      })
      return judgeAnswer(exchange)
    }
  }

  async function sendPreflight(
    app: App,
    given: Omit<Parameters<SendForge>[1], 'kind' | 'body'> & { readonly origin: string; readonly wanted: string[] }
  ) {
    const { origin, wanted, method, ...call } = given
    return await send(app, {
      ...call,
      kind: 'preflight',
      method: 'OPTIONS',
      body: null,
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': wanted.join(',')
      },
      // A preflight brings nothing that proves anything.
      options: { token: '', systemToken: null, userToken: null }
    })
  }
}

/** What a browser asks for before it sends these headers to another origin. */
function headersToAllow({ headers, body }: ForgeBrowserOptions): string[] {
  const own = Object.keys(lowerCase(headers)).filter((name) => !ALWAYS_ALLOWED.has(name))
  return [...new Set(['authorization', ...own, ...(body === undefined ? [] : ['content-type'])])].sort()
}

const ALWAYS_ALLOWED = new Set(['accept', 'accept-language', 'content-language'])

/** The module that calls. Without a manifest: any, as the caller says, with both API tokens. */
export function uiModule(world: ForgeWorld, site: Site, options: Pick<ForgeRequestOptions, 'module'>): ForgeModule {
  const { module } = options
  const { given, uiModules } = world.manifest()
  if (typeof module === 'object')
    return { ...module, title: module.key, resource: null, endpoint: anyEndpoint(module.key) }
  const found =
    module === undefined
      ? (uiModules.find(({ type }) => type.startsWith(`${site.product}:`)) ?? uiModules[0])
      : uiModules.find(({ key }) => key === module)
  if (found !== undefined) return found
  if (given && module !== undefined) {
    const known = uiModules.map(({ key }) => key).join(', ') || 'none'
    throw new Error(`The manifest has no module "${module}" that calls a remote. It has: ${known}.`)
  }
  const type = site.product === 'jira' ? 'jira:issuePanel' : 'macro'
  const key = module ?? 'panel'
  return { type, key, title: key, resource: null, endpoint: anyEndpoint('endpoint') }
}

function anyEndpoint(key: string): ForgeModule['endpoint'] {
  return { key, path: null, system: true, user: true }
}

function lost(rejection: string): Pick<ForgeAnswer, 'outcome' | 'rejection'> {
  return { outcome: 'rejected', rejection }
}

/** The page learns nothing of an answer that the browser keeps from it. */
function rejected(exchange: Omit<ForgeAnswer, 'outcome' | 'rejection'>, rejection: string): ForgeAnswer {
  return { ...exchange, ...lost(`the browser stops it: ${rejection}`) }
}
