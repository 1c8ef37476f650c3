import { isObject } from '../descriptor-reader.ts'
import { stringMember } from '../rest-routes.ts'
import { findUser } from '../users.ts'
import { bearerOf, type HostAnswer, type HostEndpoint, jsonAnswer } from './answer-logged.ts'
import type { ApiTokens } from './api-tokens.ts'
import { siteAri } from './installations.ts'
import type { ReadManifest } from './manifest-reader.ts'

/** So many tokens of absent users an app may ask for in one minute. */
const TOKENS_A_MINUTE = 1000

/** Finds the name of the variable that holds the input. */
const OPERATION = /^\s*mutation\b[^{]*\{\s*offlineUserAuthToken\s*\(\s*input\s*:\s*\$(\w+)\s*\)/

/** The one operation that remotes need of Atlassian's GraphQL: a token for a user who is absent (forge.md 3.3). */
export function createGraphql(clock: () => number, tokens: ApiTokens, manifest: () => ReadManifest): HostEndpoint {
  let minute = { start: 0, count: 0 }

  /** Whether one more is within the limit. */
  function count(nowMs: number): boolean {
    if (nowMs - minute.start >= 60_000) minute = { start: nowMs, count: 0 }
    minute.count += 1
    return minute.count <= TOKENS_A_MINUTE
  }

  return {
    kind: 'graphql',
    target: 'graphql',
    async answer(call): Promise<HostAnswer> {
      const token = bearerOf(call)
      const grant = token === null ? null : tokens.find(token)
      const tokenKind = grant?.kind ?? null
      const say = (status: number, value: unknown, verdict: string, site = ''): HostAnswer => ({
        answer: jsonAnswer(status, value),
        site,
        tokenKind,
        verdict
      })
      // GraphQL says most of its refusals with a good status.
      const refuse = (reason: string, site?: string) =>
        say(200, { data: { offlineUserAuthToken: failure(reason) } }, `refused by the host: ${reason}`, site)
      const wrong = (status: number, reason: string) =>
        say(status, { errors: [{ message: reason }], data: null }, `refused by the host: ${reason}`)

      if (grant === null || grant.kind !== 'system') return wrong(401, 'not a living system token')
      const { installation } = grant
      const body = parse(call.body)
      if (call.method !== 'POST' || !isObject(body)) return wrong(400, 'not a GraphQL request')
      const query = stringMember(body, 'query') ?? ''
      const variable = OPERATION.exec(query)?.[1]
      if (variable === undefined) return wrong(200, 'no mutation offlineUserAuthToken with a variable as its input')
      const value = isObject(body.variables) ? body.variables[variable] : undefined
      const input = isObject(value) ? value : {}
      const asked = Array.isArray(input.contextIds) ? input.contextIds : []
      const site = installation.sites.find((each) => asked.length === 1 && asked[0] === siteAri(each))
      const user = typeof input.userId === 'string' ? findUser(input.userId) : undefined
      if (site === undefined) return refuse('the installation does not reach such a context')
      if (user === undefined) return refuse('there is no such user', site.name)
      if (!mayImpersonate(manifest())) return refuse('no scope of the manifest allows impersonation', site.name)
      if (!count(clock())) return refuse('too many tokens were asked for', site.name)
      const authToken = await tokens.offline(installation, site, user)
      const data = { offlineUserAuthToken: { success: true, errors: [], authToken } }
      return say(200, { data }, `the app may act as ${user.name}, who is absent`, site.name)
    }
  }
}

function failure(message: string): object {
  return { success: false, errors: [{ message }], authToken: null }
}

function mayImpersonate({ scopes }: ReadManifest): boolean {
  return scopes === null || [...scopes.values()].includes(true)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
