import type { AllowedHosts } from '../allowed-hosts.ts'
import type { Log } from '../ports.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

/** Headers of every answer that a verified token opened (connect.md 7.6). */
export const verifiedHeaders: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
})

/** Who may frame this tenant's pages: its own addresses, and nobody whose address cannot be told exactly. */
export function frameAncestors(tenant: ConnectTenant, hosts: AllowedHosts, log: Log): string {
  const origins = new Set<string>()
  for (const address of [tenant.baseUrl, tenant.displayUrl, tenant.displayUrlServicedeskHelpCenter]) {
    if (address === null) continue
    const origin = hosts.frameOrigin(address)
    if (origin === null)
      log.warn(
        { tenantId: tenant.tenantId },
        'an address of the site is not a plain https address and may not frame pages'
      )
    else origins.add(origin)
  }
  return origins.size === 0 ? "'none'" : [...origins].join(' ')
}

/** The policy of a framed page: scripts from the app, the host script, and inline ones with the nonce. */
export function contentSecurityPolicy(ancestors: string, scriptOrigin: string, nonce: string): string {
  return [
    `frame-ancestors ${ancestors}`,
    `script-src 'self' 'nonce-${nonce}' ${scriptOrigin}`,
    "object-src 'none'",
    "base-uri 'none'"
  ].join('; ')
}
