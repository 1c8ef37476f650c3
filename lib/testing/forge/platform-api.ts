import { bearerOf, type HostAnswer, type HostEndpoint, jsonAnswer } from './answer-logged.ts'
import type { ApiTokens } from './api-tokens.ts'
import { bareId, siteAri } from './installations.ts'

const DETAILS = /^\/forge\/installation\/v1\/([^/?]+)\/([^/?]+)\/installation\/([^/?]+)$/

/** Forge's own API, as far as an app reads about its installation there (forge.md 4.3). */
export function createPlatformApi(appId: string, tokens: ApiTokens): HostEndpoint {
  return {
    kind: 'rest',
    target: 'rest',
    answer(call): HostAnswer {
      const token = bearerOf(call)
      const grant = token === null ? null : tokens.find(token)
      const say = (status: number, value: unknown, verdict: string): HostAnswer => ({
        answer: jsonAnswer(status, value),
        site: grant?.installation.sites[0].name ?? '',
        tokenKind: grant?.kind ?? null,
        verdict
      })
      if (grant === null || grant.kind !== 'system') {
        return say(401, { message: 'Unauthorized' }, 'refused by the host: not a living system token')
      }
      const { id, environment, sites, appVersion } = grant.installation
      const [, app, environmentId, installationId] = DETAILS.exec(call.url) ?? []
      if (app === undefined || call.method !== 'GET') return say(404, { message: 'Not found' }, 'no such resource')
      if (app !== appId || environmentId !== bareId(environment.id) || installationId !== bareId(id)) {
        return say(403, { message: 'Forbidden' }, 'refused by the host: the token is of another installation')
      }
      const [first, ...others] = sites
      const details = {
        version: appVersion,
        installationContext: { id: siteAri(first) },
        secondaryInstallationContexts: others.map((site) => ({ id: siteAri(site) }))
      }
      return say(200, details, 'the app read about its own installation; answered 200')
    }
  }
}
