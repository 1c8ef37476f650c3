import { Secret } from '../../../lib/secret.ts'
import type { ConnectTenant } from '../../../lib/tenant/tenant.ts'

export const APP_KEY = 'com.example.tea'
export const SECRET = 'the-shared-secret-of-acme-and-tea'

/** An installed Jira tenant. */
export function makeTenant(changes: Partial<ConnectTenant> = {}): ConnectTenant {
  return {
    tenantId: 'tenant-1',
    connectId: 'tenant-1',
    appKey: APP_KEY,
    clientKey: 'acme-client',
    cloudId: null,
    product: 'jira',
    baseUrl: 'https://acme.atlassian.net',
    displayUrl: null,
    displayUrlServicedeskHelpCenter: null,
    oauthClientId: null,
    entitlementId: null,
    entitlementNumber: null,
    sharedSecret: new Secret(SECRET),
    previousSecret: null,
    previousSecretRetiredAtMs: null,
    secretVersion: 1,
    installations: [
      {
        platform: 'connect',
        installationId: 'connect:tenant-1',
        environmentId: '',
        clientKey: changes.clientKey ?? 'acme-client',
        products: ['jira'],
        state: 'installed',
        enabled: true,
        installedAtMs: 0,
        endedAtMs: null
      }
    ],
    lastInstallIatSeconds: 0,
    installTokens: [],
    possiblySupersededBy: null,
    adoptedBy: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    version: 1,
    ...changes
  }
}

/** The same after its last installation ended. */
export function uninstalled(tenant: ConnectTenant): ConnectTenant {
  return {
    ...tenant,
    installations: tenant.installations.map((one) => ({ ...one, state: 'uninstalled', enabled: false, endedAtMs: 1 }))
  }
}
