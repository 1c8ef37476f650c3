import type { ColumnType } from 'kysely'
import type { AccountAnswer } from '../tenant/account-store.ts'
import type { Installation, Product, TenantStatus } from '../tenant/tenant.ts'
import type { TenantName } from '../tenant/tenant-names.ts'
import type { DeliveryKind } from '../tenant/tenant-store.ts'
import type { AccessTokenKind } from '../tenant/token-store.ts'

/** PostgreSQL's driver returns 64-bit integers as text; `toNumber` in tenant-rows.ts is the only way out. */
export type WholeNumber = ColumnType<number | string, number, number>

/** Null in every row where nothing was told. */
type NullableNumber = ColumnType<number | string | null, number | null, number | null>

/** One row per tenant: what all its registrations share, and what lists and purges ask for. Text and integers only. */
export interface TenantTable {
  readonly tenant_id: string
  readonly app_key: string
  /** The clientKey of the first registration; the tenant's own id where there was none. Unique within an app. */
  readonly origin: string
  readonly cloud_id: string | null
  readonly adopted_by: string | null
  /** What `tenantStatus` said when the row was written, so that a list can be filtered by it. */
  readonly status: TenantStatus
  /** What `timeOfDeath` said when the row was written: null while the tenant lives. */
  readonly dead_at_ms: NullableNumber
  readonly created_at_ms: WholeNumber
  readonly updated_at_ms: WholeNumber
  readonly version: WholeNumber
}

/** One row per Connect registration: the fields of `ConnectRegistration`. */
export interface ConnectTable {
  readonly connect_id: string
  readonly tenant_id: string
  readonly app_key: string
  readonly client_key: string
  readonly product: Product
  readonly base_url: string
  readonly display_url: string | null
  readonly display_url_servicedesk_help_center: string | null
  readonly oauth_client_id: string | null
  readonly entitlement_id: string | null
  readonly entitlement_number: string | null
  readonly shared_secret: string
  readonly previous_secret: string | null
  readonly previous_secret_retired_at_ms: NullableNumber
  readonly secret_version: WholeNumber
  readonly last_install_iat_seconds: WholeNumber
  /** JSON array of `InstallTokenMark`. */
  readonly install_tokens: string
  readonly possibly_superseded_by: string | null
  readonly created_at_ms: WholeNumber
}

/** One row per name that a tenant has or had: the fields of `TenantName`. */
export interface NameTable {
  readonly name_id: string
  readonly tenant_id: string
  readonly app_key: string
  readonly connect_id: string | null
  readonly kind: TenantName['kind']
  readonly value: string
  readonly since_ms: WholeNumber
  readonly until_ms: NullableNumber
}

/** One row per installation of a tenant, in the order of `position`. */
export interface InstallationTable {
  readonly id: string
  readonly tenant_id: string
  readonly position: WholeNumber
  readonly platform: Installation['platform']
  readonly installation_id: string
  readonly environment_id: string
  readonly client_key: string | null
  /** JSON array of names. */
  readonly products: string
  readonly state: Installation['state']
  /** 0 or 1. */
  readonly enabled: WholeNumber
  readonly installed_at_ms: WholeNumber
  readonly ended_at_ms: NullableNumber
}

/** The inbox: one row per delivery until it is swept. */
export interface DeliveryTable {
  readonly delivery_id: string
  readonly app_key: string
  readonly tenant_id: string
  readonly kind: DeliveryKind
  readonly event: string
  readonly identifier: string | null
  /** `identifier` while it counts for deduplication, null once the delivery was given up. */
  readonly dedupe_key: string | null
  readonly payload: string
  readonly state: 'pending' | 'done' | 'failed'
  readonly attempts: WholeNumber
  readonly received_at_ms: WholeNumber
  readonly due_at_ms: WholeNumber
  /** Claimed until this time; 0 = by nobody. */
  readonly lease_until_ms: WholeNumber
  readonly settled_at_ms: NullableNumber
}

/** One row per setting of a tenant or of one of its installations, until it is deleted or swept. */
export interface SettingTable {
  readonly tenant_id: string
  /** Empty for the tenant's own, else the SHA-256 (hex) of the JSON array of installation id and environment id. */
  readonly installation: string
  readonly name: string
  readonly app_key: string
  /** JSON text, not encrypted. */
  readonly value: string
  readonly version: WholeNumber
  /** From this time on the row counts as deleted; null = it stays. */
  readonly expires_at_ms: NullableNumber
  readonly updated_at_ms: WholeNumber
}

/** One row per access token of a tenant, until it is swept; it may hold a lease and no token. */
export interface TokenTable {
  readonly tenant_id: string
  readonly kind: AccessTokenKind
  /** SHA-256 (hex) of what the token is kept under, so that the table names no user. */
  readonly name: string
  readonly app_key: string
  /** Encrypted for this row; null = there is none. */
  readonly value: string | null
  /** 0 where there is none. */
  readonly expires_at_ms: WholeNumber
  /** The process that asks for the next token. */
  readonly lease_owner: string | null
  readonly lease_until_ms: WholeNumber
}

/** One row per account that some tenant keeps data about; it goes when no tenant has it any more. */
export interface AccountTable {
  readonly app_key: string
  readonly account_id: string
  /** What Atlassian said and the app has not done yet. */
  readonly answer: AccountAnswer | null
  /** When it is reported next, or the app is told; while one works on it, the end of the lease. */
  readonly due_at_ms: WholeNumber
  /** Another one after every claim and every new use. */
  readonly claim: WholeNumber
}

/** One row per account and tenant. */
export interface AccountUseTable {
  readonly tenant_id: string
  readonly account_id: string
  readonly app_key: string
  readonly updated_at_ms: WholeNumber
}

/** Facts about this database, by name. */
export interface StateTable {
  readonly name: string
  readonly value: string
}

/** Which migrations this database has seen. */
export interface MigrationTable {
  readonly name: string
  readonly executed_at_ms: WholeNumber
}

/** The tables of this package. Their names and columns are public API: an app may join and reference them. */
export interface Tables {
  readonly atl_tenants: TenantTable
  readonly atl_connects: ConnectTable
  readonly atl_names: NameTable
  readonly atl_installations: InstallationTable
  readonly atl_deliveries: DeliveryTable
  readonly atl_settings: SettingTable
  readonly atl_tokens: TokenTable
  readonly atl_accounts: AccountTable
  readonly atl_account_uses: AccountUseTable
  readonly atl_state: StateTable
  readonly atl_migrations: MigrationTable
}
