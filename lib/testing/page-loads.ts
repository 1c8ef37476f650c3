import type { AppCaller } from './app-caller.ts'
import { type AppUrl, addQuery, appUrl } from './app-url.ts'
import { defaultContext, findContext, hostParameters, urlVariables } from './page-context.ts'
import { guessKind, type Signing } from './signing.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import { signToken } from './token-factory.ts'
import type { AnsweredExchange, CallOptions, PageModule, PageOptions } from './types.ts'
import { fillTemplate, variablesOf } from './url-template.ts'

export interface PageLoads {
  open(site: Site, moduleKey: string, options: PageOptions): Promise<AnsweredExchange>
  url(site: Site, moduleKey: string, options: PageOptions): string
  contextToken(site: Site, options: PageOptions): string
  call(site: Site, path: string, options: CallOptions): Promise<AnsweredExchange>
}

interface PageAddress {
  readonly url: AppUrl
  readonly token: string | null
}

export function createPageLoads(signing: Signing, clock: () => number, call: AppCaller): PageLoads {
  function address(site: Site, module: PageModule, options: PageOptions, method: 'GET' | 'POST'): PageAddress {
    const app = needApp(site)
    if (module.cacheable) return { url: appUrl(app, module.url), token: null }
    const about = defaultContext(site, module, options)
    const variables = urlVariables(findContext(site, about), about)
    const named = variablesOf(module.url)
    const further = Object.entries(options.params ?? {}).filter(([name]) => !named.has(name))
    const url = appUrl(
      app,
      addQuery(fillTemplate(module.url, variables), { ...Object.fromEntries(further), ...hostParameters(site, module) })
    )
    if (!app.descriptor.signed) return { url, token: null }
    return { url, token: signToken(signing, clock(), site, 'page', { method, signed: url.signed }, about) }
  }

  function contextToken(site: Site, options: PageOptions): string {
    return signToken(signing, clock(), site, 'context', { method: 'GET', signed: '' }, options)
  }

  return {
    async open(site, moduleKey, options) {
      const module = findModule(site, moduleKey)
      const { url, token } = address(site, module, options, module.method)
      const { headers, ...sent } = carry(module, url, token)
      return await call(site, {
        ...sent,
        kind: 'page',
        method: module.method,
        headers: { accept: 'text/html', ...headers },
        token,
        tokenKind: token === null ? null : 'page'
      })
    },

    url(site, moduleKey, options) {
      const { url, token } = address(site, findModule(site, moduleKey), options, 'GET')
      return token === null ? url.absolute : withToken(url, token).absolute
    },

    contextToken,

    async call(site, path, options) {
      const token = options.token ?? (needApp(site).descriptor.signed ? contextToken(site, options) : '')
      const { body } = options
      const json = body !== undefined && typeof body !== 'string'
      return await call(site, {
        kind: 'api',
        method: options.method ?? 'GET',
        url: appUrl(needApp(site), path),
        headers: {
          accept: 'application/json',
          ...(json ? { 'content-type': 'application/json' } : {}),
          ...(token === '' ? {} : { authorization: `JWT ${token}` }),
          ...lowerCase(options.headers)
        },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        token,
        tokenKind: guessKind(token)
      })
    }
  }
}

/** An iframe has its URL and a form its fields; static macros are fetched by the host's server, which has headers. */
function carry(
  module: PageModule,
  url: AppUrl,
  token: string | null
): { url: AppUrl; headers?: Record<string, string>; body?: string } {
  if (module.type === 'staticContentMacros') {
    return { url, headers: token === null ? {} : { authorization: `JWT ${token}` } }
  }
  const complete = token === null ? url : withToken(url, token)
  if (module.method === 'GET') return { url: complete }
  const [path = '', form = ''] = complete.absolute.split('?')
  return {
    url: { absolute: path, signed: url.signed },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form
  }
}

function findModule(site: Site, moduleKey: string): PageModule {
  const { pages } = needApp(site).descriptor
  const module = pages.find((each) => each.key === moduleKey)
  if (module === undefined) {
    const known = pages.map((each) => each.key).join(', ') || 'none'
    throw new Error(`The descriptor has no page-like module "${moduleKey}". It has: ${known}.`)
  }
  return module
}

function withToken(url: AppUrl, token: string): AppUrl {
  return { absolute: addQuery(url.absolute, { jwt: token }), signed: url.signed }
}

function lowerCase(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
}
