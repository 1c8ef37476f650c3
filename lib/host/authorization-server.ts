/** Atlassian's production server, and the default of the option `authorizationServer`. */
export const productionAuthorizationServer = 'https://oauth-2-authorization-server.services.atlassian.com'

/** Where sites of Atlassian's other environments get their tokens (connect.md 5.2), by the end of the site's host. */
const otherEnvironments: readonly (readonly [suffix: string, server: string])[] = [
  ['.jira-dev.com', 'https://oauth-2-authorization-server.stg.services.atlassian.com'],
  ['.atlassian-us-gov-mod.net', 'https://oauth-2-authorization-server.services.atlassian-us-gov-mod.com'],
  ['.atlassian-stg-fedm.net', 'https://oauth-2-authorization-server.stg.services.atlassian-us-gov-mod.com']
]

/**
 * The server that gives tokens for this site: the configured one, or, while that is the default, the one of the
 * environment that the site's base URL belongs to. Base URLs are of sites that the option `allowedHosts` lets in.
 */
export function authorizationServerOf(configured: string, baseUrl: string): string {
  if (configured !== productionAuthorizationServer) return configured
  const { hostname } = new URL(baseUrl)
  return otherEnvironments.find(([suffix]) => hostname.endsWith(suffix))?.[1] ?? configured
}
