import { callRest } from '../rest-api.ts'
import { contextPath, type Site } from '../site.ts'
import type { SiteEvent } from '../site-event.ts'
import type { RestAnswer, RestRequest } from '../types.ts'
import { bearerOf, type HostAnswer, type HostEndpoint, jsonAnswer } from './answer-logged.ts'
import type { ApiGrant, ApiTokens } from './api-tokens.ts'
import type { ReadManifest } from './manifest-reader.ts'
import { reservedProperty } from './reserved-property.ts'

interface GatewayOptions {
  readonly clock: () => number
  readonly tokens: ApiTokens
  readonly sites: readonly Site[]
  readonly manifest: () => ReadManifest
  readonly emit: (site: Site, events: readonly SiteEvent[]) => void
}

const PLACE = /^\/ex\/([a-z]+)\/([^/?]+)(\/.*)$/
const TOKEN_SCOPE = /^read:app-(system|user)-token$|:connect-(jira|confluence)$|^storage:app$/

/** The products as Forge apps reach them: `/ex/<product>/<cloudId>`, with a bearer token, answered by the same sites. */
export function createProductGateway({ clock, tokens, sites, manifest, emit }: GatewayOptions): HostEndpoint {
  function answerBySite(site: Site, request: RestRequest, grant: ApiGrant): RestAnswer {
    const { answer, events } = callRest(site, request, grant.user ?? 'app', clock())
    emit(site, events)
    return answer
  }

  return {
    kind: 'rest',
    target: 'rest',
    answer(call): HostAnswer {
      const [, product, cloudId, below = ''] = PLACE.exec(call.url) ?? []
      const site = sites.find((each) => each.product === product && each.cloudId === cloudId)
      const token = bearerOf(call)
      const grant = token === null ? null : tokens.find(token)
      const refuse = (status: number, reason: string): HostAnswer => ({
        answer: jsonAnswer(status, { code: status, message: PUBLIC[status] ?? 'Not found' }),
        site: site?.name ?? '',
        tokenKind: grant?.kind ?? null,
        verdict: `refused by the host: ${reason}`
      })
      if (grant === null) return refuse(401, token === null ? 'no bearer token' : 'not a living token of this host')
      if (site === undefined || !grant.sites.includes(site)) {
        return refuse(404, 'the installation of this token does not reach such a site')
      }
      const prefix = contextPath(site)
      if (!/^\/(rest|api)\//.test(below.slice(prefix.length)) || !below.startsWith(prefix)) {
        return refuse(404, `no REST resource of ${site.product}: its paths begin with ${prefix}/rest or ${prefix}/api`)
      }
      const request = { method: call.method, path: below.slice(prefix.length), body: call.body }
      if (!hasScope(manifest(), request, grant)) return refuse(403, 'the manifest lacks a scope for it')
      const answer = reservedProperty(site, request, grant) ?? answerBySite(site, request, grant)
      const who = grant.user === null ? 'the app' : grant.user.name
      const verdict = `sent as ${who} with a ${grant.kind} token; answered ${answer.status}`
      return { answer, site: site.name, tokenKind: grant.kind, verdict }
    }
  }
}

const PUBLIC: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Unauthorized; scope does not match' }

/** Calls that ask with a body and change nothing. */
const ASKING = /\/(?:permissions?\/check|search(?:\/jql)?|bulkfetch)(?:\?|$)/

/** Roughly, as for Connect: reading needs any scope of a product, writing one that is not for reading alone. */
function hasScope({ scopes }: ReadManifest, { method, path }: RestRequest, { kind }: ApiGrant): boolean {
  if (scopes === null) return true
  const reads = method === 'GET' || method === 'HEAD' || ASKING.test(path)
  return [...scopes].some(
    ([scope, forAbsent]) =>
      !TOKEN_SCOPE.test(scope) && (reads || !scope.startsWith('read:')) && (kind !== 'offline' || forAbsent)
  )
}
