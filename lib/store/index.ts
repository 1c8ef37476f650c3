export { type ColumnCipher, type ColumnPlace, createColumnCipher } from '../encryption/column-cipher.ts'
export type { EncryptionKey, EncryptionOptions, UnwrapProvider } from '../encryption/encryption-options.ts'
export { createKeyRing, type KeyRing } from '../encryption/key-ring.ts'
export { chooseRegistration, chooseTenant, hasName, identityOf, registrationOf } from './choose-tenant.ts'
export {
  type CreateDatabaseOptions,
  createDatabase,
  type Database,
  type DatabaseDialect,
  type DatabaseHandle,
  openDatabase
} from './database.ts'
export type { DatabaseOptions, PoolOptions, QueryEvent } from './database-options.ts'
export { encryptionFromFile, type KeyFileOptions } from './development-key.ts'
export {
  createKyselyTenantStore,
  type KyselyTenantStore,
  type KyselyTenantStoreOptions
} from './kysely-tenant-store.ts'
export { createMemoryTenantStore } from './memory-tenant-store.ts'
export { type MigrationStatus, migrateToLatest, migrationStatus } from './migrate.ts'
export {
  canBeFound,
  canBeName,
  checkLimit,
  deliveryRecord,
  installationName,
  storeConflict,
  tenantRecord
} from './record.ts'
export type { RedisClient, RedisSubscriber } from './redis-connection.ts'
export { createRedisTenantStore, type RedisTenantStore, type RedisTenantStoreOptions } from './redis-tenant-store.ts'
export { type ReencryptOptions, type ReencryptResult, reencryptSecrets } from './reencrypt.ts'
export type {
  DeliveryTable,
  InstallationTable,
  MigrationTable,
  SettingTable,
  Tables,
  TenantTable,
  TokenTable
} from './schema.ts'
export type { TableNames } from './table-names.ts'
export { type TenantForeignKeyOptions, tenantForeignKey } from './tenant-foreign-key.ts'
export { transactionOf } from './transaction-of.ts'
