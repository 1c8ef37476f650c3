import { AtlassianError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { installationAri } from './installation-ari.ts'
import type { Product } from './tenant.ts'

export const lifecycleEvents = ['installed', 'uninstalled', 'enabled', 'disabled'] as const
export type LifecycleEventType = (typeof lifecycleEvents)[number]

/** The members of a life-cycle body that we read; everything else in it is dropped (connect.md 2.2). */
export interface LifecyclePayload {
  readonly eventType: LifecycleEventType
  readonly key: string
  readonly clientKey: string
  /** Canonical, and on the list of allowed hosts. */
  readonly baseUrl: string
  readonly product: Product
  readonly sharedSecret: Secret | null
  readonly displayUrl: string | null
  readonly displayUrlServicedeskHelpCenter: string | null
  readonly oauthClientId: string | null
  readonly entitlementId: string | null
  readonly entitlementNumber: string | null
  /** The Forge installation that it belongs to, in its long form where the host sent a bare UUID. */
  readonly installationId: string | null
}

export interface PayloadRules {
  readonly appKey: string
  /** The canonical base URL, or `null` if that site may not install. */
  siteUrl(baseUrl: string): string | null
  /** The one product that the app is configured for; without it Jira and Confluence. The body never widens it. */
  readonly product?: 'bitbucket'
}

/**
 * Checks the shape of a life-cycle body and that it speaks of this app, this event and an allowed site.
 * Nothing in it is believed yet. Throws AtlassianError `ATL_LIFECYCLE_BODY` or `ATL_HOST_NOT_ALLOWED`.
 */
export function parseLifecyclePayload(
  body: unknown,
  events: readonly LifecycleEventType[],
  rules: PayloadRules
): LifecyclePayload {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse('body')
  const members = body as Readonly<Record<string, unknown>>
  const eventType = events.find((event) => event === members.eventType)
  if (eventType === undefined) throw refuse('eventType')
  if (requiredText(members, 'key', 128) !== rules.appKey) throw refuse('key')
  const clientKey = requiredText(members, 'clientKey', 255)
  // Our own tokens carry the app key as issuer, so a tenant of that name could speak for others.
  if (clientKey === rules.appKey) throw refuse('clientKey')
  const claimedBaseUrl = requiredText(members, 'baseUrl', 512)
  const baseUrl = rules.siteUrl(claimedBaseUrl)
  if (baseUrl === null) throw new AtlassianError('ATL_HOST_NOT_ALLOWED', 'base-url-not-allowed')
  return Object.freeze({
    eventType,
    key: rules.appKey,
    clientKey,
    baseUrl,
    product: parseProduct(members, baseUrl, rules.product),
    sharedSecret: eventType === 'installed' ? new Secret(requiredText(members, 'sharedSecret', 4096)) : null,
    displayUrl: optionalText(members, 'displayUrl', 512),
    displayUrlServicedeskHelpCenter: optionalText(members, 'displayUrlServicedeskHelpCenter', 512),
    oauthClientId: optionalText(members, 'oauthClientId', 1024),
    entitlementId: optionalText(members, 'entitlementId', 255),
    entitlementNumber: optionalText(members, 'entitlementNumber', 255),
    installationId: parseInstallationId(members)
  })
}

function parseInstallationId(members: Readonly<Record<string, unknown>>): string | null {
  const told = optionalText(members, 'installationId', 255)
  return installationAri(told) ?? told
}

function parseProduct(
  members: Readonly<Record<string, unknown>>,
  baseUrl: string,
  configured: PayloadRules['product']
): Product {
  const product = optionalText(members, 'productType', 64)
  if (configured !== undefined) {
    if (product !== null && product.toLowerCase() !== configured) throw refuse('productType')
    return configured
  }
  if (product === null) return baseUrl.endsWith('/wiki') ? 'confluence' : 'jira'
  const lower = product.toLowerCase()
  if (lower !== 'jira' && lower !== 'confluence') throw refuse('productType')
  return lower
}

function requiredText(members: Readonly<Record<string, unknown>>, name: string, maxLength: number): string {
  const value = optionalText(members, name, maxLength)
  if (value === null) throw refuse(name)
  return value
}

// Databases refuse NUL and lone surrogates or store something else than what came.
const CONTROL = /[\u0000-\u001f\u007f]/

function optionalText(members: Readonly<Record<string, unknown>>, name: string, maxLength: number): string | null {
  const value = Object.hasOwn(members, name) ? members[name] : undefined
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string' || value.length > maxLength || !value.isWellFormed() || CONTROL.test(value)) {
    throw refuse(name)
  }
  return value
}

function refuse(member: string): AtlassianError {
  return new AtlassianError('ATL_LIFECYCLE_BODY', 'lifecycle-body', { member })
}
