import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { findContext } from '../page-context.ts'
import { signAnything } from '../signing.ts'
import type { Site } from '../site.ts'
import type { PageOptions } from '../types.ts'
import { chooseUser } from '../users.ts'
import { changedDeeply } from './changed-by.ts'
import type { ForgeKeys } from './forge-keys.ts'
import { bareId, type Installation } from './installations.ts'

/** Seconds that an invocation token lives. */
export const INVOCATION_SECONDS = 25

/** What a token says beside the installation. */
export interface Invocation {
  readonly installation: Installation
  /** The site from which the call comes; one of the installation's. */
  readonly site: Site
  readonly module: { readonly type: string; readonly key: string }
  /** Null: no user and no context, as in events. */
  readonly page: PageOptions | null
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly header?: Readonly<Record<string, unknown>> | undefined
  readonly key?: string | undefined
}

export type SignInvocation = (invocation: Invocation) => Promise<string>

/** `apiUrl` is the address below which products are called. */
export function createInvocationSigner(
  keys: ForgeKeys,
  clock: () => number,
  appAri: string,
  apiUrl: () => string
): SignInvocation {
  return async (invocation) => {
    const key = await keys.current()
    const claims = changedDeeply(claimsOf(invocation, appAri, apiUrl(), clock()), invocation.claims)
    if (invocation.header === undefined && invocation.key === undefined) {
      return await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey)
    }
    const header = changedDeeply({ alg: 'RS256', kid: key.kid }, invocation.header)
    return signAnything(header, claims, invocation.key ?? key.privatePem)
  }
}

export function apiBaseUrl(apiUrl: string, site: Site): string {
  return `${apiUrl}/ex/${site.product}/${site.cloudId}`
}

function claimsOf(
  { installation, site, module, page }: Invocation,
  appAri: string,
  apiUrl: string,
  nowMs: number
): Record<string, unknown> {
  const now = Math.floor(nowMs / 1000)
  const user = page === null ? null : chooseUser(page.user)
  return {
    app: {
      id: appAri,
      appVersion: installation.appVersion,
      installationId: installation.id,
      apiBaseUrl: apiBaseUrl(apiUrl, site),
      installation: {
        id: installation.id,
        contexts: installation.sites.map((each) => ({
          name: each.product,
          apiBaseUrl: apiBaseUrl(apiUrl, each),
          cloudId: each.cloudId
        }))
      },
      environment: installation.environment,
      module: { type: module.type, key: module.key },
      ...licenseClaim(installation, site)
    },
    ...(page === null ? {} : { context: contextClaim(installation, site, module, page) }),
    ...(user === null ? {} : { principal: user.accountId }),
    aud: appAri,
    iss: 'forge/invocation-token',
    iat: now,
    nbf: now,
    exp: now + INVOCATION_SECONDS,
    jti: randomBytes(20).toString('hex')
  }
}

/** Only in production, and only for an app that is paid there. */
function licenseClaim(installation: Installation, site: Site): object {
  const license = installation.environment.type === 'PRODUCTION' ? site.license : null
  if (license === null || license === undefined) return {}
  const { active, type = 'COMMERCIAL', evaluation = false } = license
  return { license: { active, type, isEvaluation: evaluation, modes: [] } }
}

function contextClaim(
  installation: Installation,
  site: Site,
  module: Invocation['module'],
  page: PageOptions
): Record<string, unknown> {
  const user = chooseUser(page.user)
  return {
    cloudId: site.cloudId,
    siteUrl: site.origin,
    moduleKey: module.key,
    localId: `${installation.id}/${module.key}`,
    environmentId: bareId(installation.environment.id),
    environmentType: installation.environment.type,
    ...(user === null ? { accountType: 'anonymous' } : { accountId: user.accountId, accountType: 'licensed' }),
    extension: { type: module.type, ...extensionOf(site, page) }
  }
}

/** Ids are strings, as in life. */
function extensionOf(site: Site, page: PageOptions): object {
  const { issue, project, page: content, space } = findContext(site, page)
  return {
    ...(project === undefined ? {} : { project: { id: project.id, key: project.key } }),
    ...(issue === undefined ? {} : { issue: { id: issue.id, key: issue.key, type: issue.issueType } }),
    ...(space === undefined ? {} : { space: { id: space.id, key: space.key } }),
    ...(content === undefined ? {} : { content: { id: content.id, type: 'page' } })
  }
}
