import { AtlassianError, OptionError } from '../errors.ts'
import { Secret } from '../secret.ts'
import {
  type ConnectRegistration,
  hasRegistration,
  type Installation,
  noRegistration,
  type Tenant,
  type TenantIdentity
} from '../tenant/tenant.ts'
import type { NewDelivery, TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'

/**
 * What fits into an index of every database, two names and an app key together: PostgreSQL's holds 2,704 bytes as
 * they come, MySQL's 3,072 with four for each character. Counted in characters, as MySQL does.
 */
const NAME_CHARACTERS = 255
const BASE_URL_CHARACTERS = 512
const APP_KEY_CHARACTERS = 128

/**
 * Whether every database keeps this text as it is: PostgreSQL refuses NUL, and SQLite turns a lone surrogate into
 * another character, so that two different names would become one.
 */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function isAtMost(limit: number, text: string): boolean {
  if (text.length <= limit) return true
  return text.length <= 2 * limit && [...text].length <= limit
}

/** Whether a tenant, an installation or a delivery can have this name at all. Anything else is found nowhere. */
export function canBeName(text: string): boolean {
  return typeof text === 'string' && isAtMost(NAME_CHARACTERS, text) && isStorable(text)
}

export function canBeBaseUrl(text: string): boolean {
  return typeof text === 'string' && isAtMost(BASE_URL_CHARACTERS, text) && isStorable(text)
}

/** Throws OptionError unless a database can keep tenants under this key. */
export function checkAppKey(appKey: string): void {
  if (typeof appKey !== 'string' || appKey === '' || !isStorable(appKey) || !isAtMost(APP_KEY_CHARACTERS, appKey)) {
    throw new OptionError('appKey', appKey, `the key of the app is needed, at most ${APP_KEY_CHARACTERS} characters`)
  }
}

/** Whether a tenant can have this name; asking a database for one that cannot exist is an error in some of them. */
export function canBeFound(lookup: TenantLookup): boolean {
  if ('tenantId' in lookup) return canBeName(lookup.tenantId)
  if ('clientKey' in lookup) return canBeName(lookup.clientKey)
  if ('baseUrl' in lookup) return canBeBaseUrl(lookup.baseUrl)
  if ('displayUrl' in lookup) return canBeBaseUrl(lookup.displayUrl)
  const name = 'cloudId' in lookup ? lookup.cloudId : lookup.installationId
  return canBeName(name) && (lookup.environmentId === undefined || canBeName(lookup.environmentId))
}

/**
 * The record as it will be stored: the known fields only, deeply frozen, with the given version.
 * Throws TypeError naming the field (never its value) when a database could not keep it as it is.
 */
export function tenantRecord<Given extends Tenant>(tenant: Given, appKey: string, version: number): Given
export function tenantRecord(tenant: Tenant, appKey: string, version: number): Tenant {
  if (tenant.appKey !== appKey) throw new TypeError('This store serves another app than the one of this tenant')
  const identity: TenantIdentity = {
    tenantId: name('tenantId', tenant.tenantId),
    appKey,
    cloudId: optional(name, 'cloudId', tenant.cloudId),
    installations: installationRecords(tenant.installations),
    adoptedBy: optional(name, 'adoptedBy', tenant.adoptedBy),
    createdAtMs: whole('createdAtMs', tenant.createdAtMs),
    updatedAtMs: whole('updatedAtMs', tenant.updatedAtMs),
    version
  }
  return Object.freeze(
    hasRegistration(tenant) ? { ...identity, ...registrationRecord(tenant) } : { ...identity, ...noRegistration }
  )
}

function registrationRecord(given: ConnectRegistration): ConnectRegistration {
  return {
    connectId: name('connectId', given.connectId),
    clientKey: name('clientKey', given.clientKey),
    product: oneOf('product', given.product, ['jira', 'confluence', 'bitbucket']),
    baseUrl: address('baseUrl', given.baseUrl),
    displayUrl: optional(address, 'displayUrl', given.displayUrl),
    displayUrlServicedeskHelpCenter: optional(
      text,
      'displayUrlServicedeskHelpCenter',
      given.displayUrlServicedeskHelpCenter
    ),
    oauthClientId: optional(text, 'oauthClientId', given.oauthClientId),
    entitlementId: optional(text, 'entitlementId', given.entitlementId),
    entitlementNumber: optional(text, 'entitlementNumber', given.entitlementNumber),
    sharedSecret: secret('sharedSecret', given.sharedSecret),
    previousSecret: optional(secret, 'previousSecret', given.previousSecret),
    previousSecretRetiredAtMs: optional(whole, 'previousSecretRetiredAtMs', given.previousSecretRetiredAtMs),
    secretVersion: whole('secretVersion', given.secretVersion),
    lastInstallIatSeconds: whole('lastInstallIatSeconds', given.lastInstallIatSeconds),
    installTokens: Object.freeze(
      given.installTokens.map(({ token, body, expSeconds }) =>
        Object.freeze({
          token: name('token', token),
          body: name('body', body),
          expSeconds: whole('expSeconds', expSeconds)
        })
      )
    ),
    possiblySupersededBy: optional(name, 'possiblySupersededBy', given.possiblySupersededBy)
  }
}

function installationRecords(installations: readonly Installation[]): readonly Installation[] {
  const names = new Set(installations.map(installationName))
  if (names.size !== installations.length) throw new TypeError('Two installations of this tenant have the same name')
  return Object.freeze(
    installations.map((installation) =>
      Object.freeze({
        platform: oneOf('platform', installation.platform, ['connect', 'forge']),
        installationId: name('installationId', installation.installationId),
        environmentId: name('environmentId', installation.environmentId),
        clientKey: optional(name, 'clientKey', installation.clientKey),
        products: Object.freeze(installation.products.map((product) => name('products', product))),
        state: oneOf('state', installation.state, ['installed', 'uninstalled']),
        enabled: installation.enabled === true,
        installedAtMs: whole('installedAtMs', installation.installedAtMs),
        endedAtMs: optional(whole, 'endedAtMs', installation.endedAtMs)
      })
    )
  )
}

/** One text for the pair that is unique among all tenants. */
export function installationName(of: { readonly installationId: string; readonly environmentId: string }): string {
  return JSON.stringify([of.installationId, of.environmentId])
}

/** The delivery as it will be stored. Throws TypeError naming the field, as `tenantRecord` does. */
export function deliveryRecord(delivery: NewDelivery): NewDelivery {
  return Object.freeze({
    deliveryId: name('deliveryId', delivery.deliveryId),
    tenantId: name('tenantId', delivery.tenantId),
    kind: oneOf('kind', delivery.kind, ['webhook', 'lifecycle', 'forge']),
    event: text('event', delivery.event),
    identifier: optional(name, 'identifier', delivery.identifier),
    payload: text('payload', delivery.payload),
    receivedAtMs: whole('receivedAtMs', delivery.receivedAtMs),
    dueAtMs: whole('dueAtMs', delivery.dueAtMs)
  })
}

/** Throws RangeError unless the page has 1 to 1,000 tenants: a walk over 30,000 never reads them at once. */
export function checkLimit(query: TenantListQuery): void {
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 1000) {
    throw new RangeError('"limit" of a tenant list must be a whole number from 1 to 1000')
  }
}

/** The error of `save` when another writer was first, or a name belongs to another tenant. */
export function storeConflict(tenant: Pick<Tenant, 'tenantId'>, cause?: unknown): AtlassianError {
  return new AtlassianError('ATL_STORE_CONFLICT', 'store-conflict', { tenantId: tenant.tenantId }, { cause })
}

type Check<Value> = (field: string, value: Value) => Value

function optional<Value>(check: Check<Value>, field: string, value: Value | null): Value | null {
  return value === null ? null : check(field, value)
}

function name(field: string, value: string): string {
  if (!canBeName(value)) throw notStorable(field, NAME_CHARACTERS)
  return value
}

function address(field: string, value: string): string {
  if (!canBeBaseUrl(value)) throw notStorable(field, BASE_URL_CHARACTERS)
  return value
}

function notStorable(field: string, characters: number): TypeError {
  return new TypeError(
    `"${field}" cannot be stored: it must be well-formed text without NUL, at most ${characters} characters`
  )
}

function text(field: string, value: string): string {
  if (typeof value !== 'string' || !isStorable(value)) {
    throw new TypeError(`"${field}" cannot be stored: it must be well-formed text without NUL`)
  }
  return value
}

// A database that finds a column missing repeats the whole row in its error, secrets included: it must not come to that.
function oneOf<Value extends string>(field: string, value: Value, allowed: readonly Value[]): Value {
  if (!allowed.includes(value)) throw new TypeError(`"${field}" cannot be stored: it must be ${allowed.join(' or ')}`)
  return value
}

function secret(field: string, value: Secret): Secret {
  if (!(value instanceof Secret)) throw new TypeError(`"${field}" cannot be stored: it must be a Secret`)
  text(field, value.reveal())
  return value
}

function whole(field: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`"${field}" cannot be stored: it must be a whole number`)
  return value
}
