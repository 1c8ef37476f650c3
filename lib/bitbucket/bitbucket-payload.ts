import { AtlassianError } from '../errors.ts'
import {
  type LifecycleEventType,
  type LifecyclePayload,
  type PayloadRules,
  parseLifecyclePayload
} from '../tenant/lifecycle-payload.ts'
import type { ResolvedBitbucket } from './bitbucket-options.ts'

/** The account that owns an installation: a workspace or a user. */
export interface BitbucketPrincipal {
  /** `{…}` with its braces. */
  readonly uuid: string
  /** `user`, `team`, `workspace`, if it was told. */
  readonly type: string | null
}

/** A life-cycle body of Bitbucket, with the addresses that are configured in place of those that it tells. */
export interface BitbucketPayload extends LifecyclePayload {
  /** `null` where the body names none; a first install has to. */
  readonly principal: BitbucketPrincipal | null
}

/**
 * Checks the shape of a life-cycle body of Bitbucket, and that it speaks of this app, this event and the Bitbucket that
 * is configured. Nothing in it is believed yet. Throws AtlassianError `ATL_LIFECYCLE_BODY` or `ATL_HOST_NOT_ALLOWED`.
 */
export function parseBitbucketPayload(
  body: unknown,
  events: readonly LifecycleEventType[],
  rules: PayloadRules,
  { apiUrl, siteUrl }: ResolvedBitbucket
): BitbucketPayload {
  const payload = parseLifecyclePayload(body, events, { ...rules, product: 'bitbucket' })
  const api = memberOf(body, 'baseApiUrl')
  if (api !== undefined && api !== null && api !== apiUrl && api !== `${apiUrl}/`) {
    throw new AtlassianError('ATL_HOST_NOT_ALLOWED', 'base-api-url')
  }
  const principal = memberOf(body, 'principal')
  return Object.freeze({
    ...payload,
    baseUrl: apiUrl,
    displayUrl: pageOf(principal, siteUrl),
    displayUrlServicedeskHelpCenter: null,
    oauthClientId: null,
    installationId: null,
    principal: parsePrincipal(principal)
  })
}

function parsePrincipal(value: unknown): BitbucketPrincipal | null {
  if (value === undefined || value === null) return null
  const uuid = memberOf(value, 'uuid')
  const type = memberOf(value, 'type')
  if (typeof uuid !== 'string' || !/^\{[0-9a-f-]{1,64}\}$/i.test(uuid)) {
    throw new AtlassianError('ATL_LIFECYCLE_BODY', 'lifecycle-body', { member: 'principal' })
  }
  return Object.freeze({ uuid, type: typeof type === 'string' && /^\w{1,64}$/.test(type) ? type : null })
}

/** The page of the account, if it lies on the site; the site otherwise. */
function pageOf(principal: unknown, siteUrl: string): string {
  const href = memberOf(memberOf(memberOf(principal, 'links'), 'html'), 'href')
  if (typeof href !== 'string' || href.length > 512 || !URL.canParse(href)) return siteUrl
  const url = new URL(href)
  const isOnSite = url.origin === new URL(siteUrl).origin && url.username === '' && url.password === ''
  return isOnSite ? `${url.origin}${url.pathname}` : siteUrl
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
