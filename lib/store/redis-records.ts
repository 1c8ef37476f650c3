import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { Secret } from '../secret.ts'
import {
  type ConnectRegistration,
  type ConnectTenant,
  noRegistration,
  type Tenant,
  type TenantIdentity
} from '../tenant/tenant.ts'
import type { TenantListQuery, TenantLookup } from '../tenant/tenant-store.ts'
import { identityOf, registrationOf } from './choose-tenant.ts'
import { secretPlace } from './tenant-rows.ts'

/** A registration as JSON has it: secrets are sealed. */
export type StoredRegistration = Omit<ConnectRegistration, 'sharedSecret' | 'previousSecret'> & {
  readonly sharedSecret: string
  readonly previousSecret: string | null
}

/** A tenant as the scripts give it: the text of what is shared, then those of its registrations, oldest first. */
export type TenantTexts = readonly [root: string, ...registrations: string[]]

interface StoredTenant {
  readonly identity: TenantIdentity
  /** Oldest first. */
  readonly registrations: readonly StoredRegistration[]
}

/** The text of what all registrations of the tenant share. */
export function textFromIdentity(tenant: Tenant): string {
  return JSON.stringify(identityOf(tenant))
}

export function identityFromText(text: string): TenantIdentity {
  return JSON.parse(text)
}

/** The text of the registration that the record shows. */
export function textFromRegistration(tenant: ConnectTenant, cipher: ColumnCipher): string {
  return sealedText(registrationOf(tenant), cipher)
}

function sealedText(registration: ConnectRegistration, cipher: ColumnCipher): string {
  const { connectId, sharedSecret, previousSecret } = registration
  const seal = (secret: Secret, column: 'shared_secret' | 'previous_secret') =>
    cipher.seal(secret.reveal(), secretPlace(connectId, column))
  const stored: StoredRegistration = {
    ...registration,
    sharedSecret: seal(sharedSecret, 'shared_secret'),
    previousSecret: previousSecret === null ? null : seal(previousSecret, 'previous_secret')
  }
  return JSON.stringify(stored)
}

function opened(stored: StoredRegistration, cipher: ColumnCipher): ConnectRegistration {
  const { connectId, sharedSecret, previousSecret } = stored
  const open = (sealed: string, column: 'shared_secret' | 'previous_secret') =>
    new Secret(cipher.open(sealed, secretPlace(connectId, column)))
  return {
    ...stored,
    sharedSecret: open(sharedSecret, 'shared_secret'),
    previousSecret: previousSecret === null ? null : open(previousSecret, 'previous_secret')
  }
}

/** The text with every secret sealed by the newest key, and how many were not; `null` if all were. */
export function resealed(
  text: string,
  cipher: ColumnCipher
): { readonly text: string; readonly connectId: string; readonly secrets: number } | null {
  const stored: StoredRegistration = JSON.parse(text)
  const { connectId, sharedSecret, previousSecret } = stored
  const outdated = [sharedSecret, previousSecret].filter((sealed) => sealed !== null && cipher.isOutdated(sealed))
  if (outdated.length === 0) return null
  return { text: sealedText(opened(stored, cipher), cipher), connectId, secrets: outdated.length }
}

/** The tenants that a lookup means: one record of each, by a name of a registration as one sees it that has the name. */
export function foundTenants(found: readonly TenantTexts[], lookup: TenantLookup, cipher: ColumnCipher): Tenant[] {
  return found.map(parse).flatMap((stored): Tenant[] => {
    if ('clientKey' in lookup) return seenBy(stored, cipher, ({ clientKey }) => clientKey === lookup.clientKey)
    if ('baseUrl' in lookup) return seenBy(stored, cipher, ({ baseUrl }) => baseUrl === lookup.baseUrl)
    if ('displayUrl' in lookup) return seenBy(stored, cipher, ({ displayUrl }) => displayUrl === lookup.displayUrl)
    if ('cloudId' in lookup && !isIn(stored.identity, lookup.environmentId)) return []
    return seen(stored, cipher)
  })
}

/** One record of each registration that has the address. */
export function foundRegistrations(
  found: readonly TenantTexts[],
  baseUrl: string,
  cipher: ColumnCipher
): ConnectTenant[] {
  return found.map(parse).flatMap(({ identity, registrations }) => {
    const having = registrations.filter((one) => one.baseUrl === baseUrl)
    return having.map((one) => ({ ...identity, ...opened(one, cipher) }))
  })
}

/** One record of each tenant, among its registrations of one product where there is one given. */
export function listedTenants(
  found: readonly TenantTexts[],
  product: TenantListQuery['product'],
  cipher: ColumnCipher
): Tenant[] {
  return found.flatMap((texts) => {
    const { identity, registrations } = parse(texts)
    const suiting = registrations.filter((one) => product === undefined || one.product === product)
    return seen({ identity, registrations: suiting }, cipher)
  })
}

function parse([root, ...registrations]: TenantTexts): StoredTenant {
  return { identity: identityFromText(root), registrations: registrations.map((text) => JSON.parse(text)) }
}

function isIn({ installations }: TenantIdentity, environmentId: string | undefined): boolean {
  return environmentId === undefined || installations.some((one) => one.environmentId === environmentId)
}

/** As one of the registrations sees it that suit; nothing if none does. */
function seenBy(
  { identity, registrations }: StoredTenant,
  cipher: ColumnCipher,
  suits: (registration: StoredRegistration) => boolean
): Tenant[] {
  const suiting = registrations.filter(suits)
  return suiting.length === 0 ? [] : seen({ identity, registrations: suiting }, cipher)
}

/** As its first registration sees it that is installed, else its first. No secret of another one is opened. */
function seen({ identity, registrations }: StoredTenant, cipher: ColumnCipher): Tenant[] {
  const isInstalled = ({ clientKey }: StoredRegistration) =>
    identity.adoptedBy === null &&
    identity.installations.some((one) => one.state === 'installed' && one.clientKey === clientKey)
  const chosen = registrations.find(isInstalled) ?? registrations[0]
  return [chosen === undefined ? { ...identity, ...noRegistration } : { ...identity, ...opened(chosen, cipher) }]
}
