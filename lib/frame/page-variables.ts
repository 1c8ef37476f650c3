import type { ConnectApp } from '../connect-app.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'
import type { VerifiedConnect } from '../jwt/verify-connect.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

/** What every template may see. */
export interface PublicVariables {
  readonly title: string
  readonly addonKey: string
  readonly localBaseUrl: string
  readonly hostScriptUrl: string
}

/** What a template of a verified page may see beside that, under the names that ACE gave them. */
export interface VerifiedVariables extends PublicVariables {
  readonly hostBaseUrl: string
  readonly hostUrl: string
  readonly hostStylesheetUrl: string
  readonly token: string
  readonly license: string | undefined
  readonly context: VerifiedConnect['context']
  readonly clientKey: string
  readonly userAccountId: string | undefined
  /** Deprecated, from the page's verified query if the host still sends them. */
  readonly userId: string | undefined
  readonly timeZone: string | undefined
  readonly timezone: string | undefined
  readonly locale: string | undefined
}

/** Nothing here comes from the request. */
export function publicVariables(core: ConnectApp): PublicVariables {
  const { descriptor, options } = core
  return {
    title: descriptor.name ?? descriptor.key,
    addonKey: descriptor.key,
    localBaseUrl: options.baseUrl,
    hostScriptUrl: options.hostScriptUrl
  }
}

export interface VerifiedPage {
  readonly tenant: ConnectTenant
  readonly connect: VerifiedConnect
  /** Raw path and query, as signed. */
  readonly url: string
  readonly sessionToken: string
}

/** Addresses come from the tenant and never from `xdm_e` or `cp`; query values only where the hash covers them. */
export function verifiedVariables(core: ConnectApp, page: VerifiedPage): VerifiedVariables {
  const { tenant, connect } = page
  const covered = connect.tokenKind === 'page' ? parseSignedUrl(page.url).parameters : []
  const value = (name: string): string | undefined => covered.find(([parameter]) => parameter === name)?.[1]
  const timezone = value('tz')
  return {
    ...publicVariables(core),
    hostBaseUrl: tenant.baseUrl,
    hostUrl: new URL(tenant.baseUrl).origin,
    hostStylesheetUrl: `${tenant.baseUrl}/atlassian-connect/all.css`,
    token: page.sessionToken,
    license: value('lic'),
    context: connect.context,
    clientKey: tenant.clientKey,
    userAccountId: connect.accountId ?? undefined,
    userId: value('user_id'),
    timeZone: timezone,
    timezone,
    locale: value('loc')
  }
}
