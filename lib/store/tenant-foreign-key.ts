import type { CreateTableBuilder } from 'kysely'
import { columnTypes } from './column-types.ts'
import type { DatabaseHandle } from './database.ts'

/** How a table of the app refers to its tenants. */
export interface TenantForeignKeyOptions<Column extends string> {
  /** The column that holds the `tenantId`. Default `tenant_id`. */
  readonly column?: Column
  /** What happens to the rows of a tenant that is purged. `restrict` keeps the tenant until the app deleted them. */
  readonly onDelete?: 'cascade' | 'restrict'
}

/**
 * Gives a table of the app a column for the tenant that owns the row, and the promise of the database that it exists:
 * `createTable('cups').$call(await tenantForeignKey(database))`. Rows go with their tenant when it is purged. The type
 * of the column is that of `atl_tenants.tenant_id` on every database. Migrate this package's tables first.
 */
export async function tenantForeignKey<Column extends string = 'tenant_id'>(
  database: DatabaseHandle,
  options: TenantForeignKeyOptions<Column> = {}
) {
  const { dialect, tables } = database
  const { name } = await columnTypes(tables, dialect)
  const { onDelete = 'cascade' } = options
  const column: Column | 'tenant_id' = options.column ?? 'tenant_id'
  return <Table extends string, Columns extends string>(builder: CreateTableBuilder<Table, Columns>) => {
    const { identifier } = builder.toOperationNode().table.table
    return builder
      .addColumn(column, name(255), (definition) => definition.notNull())
      .addForeignKeyConstraint(`${identifier.name}_tenant_fk`, [column], 'atl_tenants', ['tenant_id'], (key) =>
        key.onDelete(onDelete)
      )
  }
}
