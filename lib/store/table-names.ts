import {
  type AddIndexNode,
  type CheckConstraintNode,
  type CreateIndexNode,
  type DropConstraintNode,
  type DropIndexNode,
  type ForeignKeyConstraintNode,
  IdentifierNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PrimaryKeyConstraintNode,
  type SchemableIdentifierNode,
  type UniqueConstraintNode
} from 'kysely'
import { OptionError } from '../errors.ts'
import type { DatabaseDialect } from './database.ts'
import type { Tables } from './schema.ts'

/** Where the tables of this package stand in a database. In code they are always called `atl_tenants` and so on. */
export interface TableNames {
  /** What their names begin with in the database. */
  readonly prefix: string
  /** The PostgreSQL schema they stand in; `null` = the first of the connection's search path. */
  readonly schema: string | null
}

export const DEFAULT_PREFIX = 'atl_'

/** Written out so that the compiler asks for each new table. */
const ours: Readonly<Record<keyof Tables, true>> = {
  atl_tenants: true,
  atl_connects: true,
  atl_names: true,
  atl_installations: true,
  atl_deliveries: true,
  atl_settings: true,
  atl_tokens: true,
  atl_accounts: true,
  atl_account_uses: true,
  atl_state: true,
  atl_migrations: true
}

/** Short enough that no name made from it reaches the 63 bytes of PostgreSQL. */
const PREFIX = /^(?!sqlite_)[a-z][a-z0-9_]{0,19}$/
const SCHEMA = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** Throws OptionError for names that some database would refuse or change. */
export function tableNames(
  dialect: DatabaseDialect,
  { tablePrefix = DEFAULT_PREFIX, schema }: { readonly tablePrefix?: string; readonly schema?: string }
): TableNames {
  if (typeof tablePrefix !== 'string' || !PREFIX.test(tablePrefix)) {
    throw new OptionError(
      'tablePrefix',
      tablePrefix,
      'it must be 1 to 20 lower-case letters, digits and "_", beginning with a letter, and not "sqlite_"'
    )
  }
  if (schema === undefined) return { prefix: tablePrefix, schema: null }
  if (dialect !== 'postgres') throw new OptionError('schema', schema, 'only PostgreSQL has schemas')
  if (typeof schema !== 'string' || !SCHEMA.test(schema)) {
    throw new OptionError('schema', schema, 'it must be 1 to 63 letters, digits and "_", not beginning with a digit')
  }
  return { prefix: tablePrefix, schema }
}

/** The name in the database. */
export function nameOf(table: keyof Tables, { prefix }: TableNames): string {
  return prefix + table.slice(DEFAULT_PREFIX.length)
}

/** Puts the names of the database into every statement; `null` where they are the same as in code. */
export function tableNamesPlugin(names: TableNames): KyselyPlugin | null {
  if (names.prefix === DEFAULT_PREFIX && names.schema === null) return null
  const transformer = new TableNameTransformer(names)
  return {
    transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
    transformResult: async ({ result }) => result
  }
}

/** Names of columns, aliases and other tables stay as they are; names of indexes and constraints get the prefix. */
class TableNameTransformer extends OperationNodeTransformer {
  readonly #names: TableNames

  constructor(names: TableNames) {
    super()
    this.#names = names
  }

  protected override transformSchemableIdentifier(node: SchemableIdentifierNode): SchemableIdentifierNode {
    const { name } = node.identifier
    if (node.schema !== undefined || !isOurs(name)) return node
    const { schema } = this.#names
    return {
      ...node,
      identifier: IdentifierNode.create(nameOf(name, this.#names)),
      ...(schema === null ? {} : { schema: IdentifierNode.create(schema) })
    }
  }

  protected override transformCreateIndex(node: CreateIndexNode): CreateIndexNode {
    return this.#named(super.transformCreateIndex(node))
  }

  protected override transformAddIndex(node: AddIndexNode): AddIndexNode {
    return this.#named(super.transformAddIndex(node))
  }

  protected override transformUniqueConstraint(node: UniqueConstraintNode): UniqueConstraintNode {
    return this.#named(super.transformUniqueConstraint(node))
  }

  protected override transformPrimaryKeyConstraint(node: PrimaryKeyConstraintNode): PrimaryKeyConstraintNode {
    return this.#named(super.transformPrimaryKeyConstraint(node))
  }

  protected override transformCheckConstraint(node: CheckConstraintNode): CheckConstraintNode {
    return this.#named(super.transformCheckConstraint(node))
  }

  protected override transformForeignKeyConstraint(node: ForeignKeyConstraintNode): ForeignKeyConstraintNode {
    return this.#named(super.transformForeignKeyConstraint(node))
  }

  protected override transformDropConstraint(node: DropConstraintNode): DropConstraintNode {
    const dropping = super.transformDropConstraint(node)
    return { ...dropping, constraintName: this.#prefixed(dropping.constraintName) }
  }

  protected override transformDropIndex(node: DropIndexNode): DropIndexNode {
    const dropping = super.transformDropIndex(node)
    const { schema } = this.#names
    const name = {
      ...dropping.name,
      identifier: this.#prefixed(dropping.name.identifier),
      ...(schema === null || dropping.name.schema !== undefined ? {} : { schema: IdentifierNode.create(schema) })
    }
    return { ...dropping, name }
  }

  #named<Node extends { readonly name?: IdentifierNode }>(node: Node): Node {
    return node.name === undefined ? node : { ...node, name: this.#prefixed(node.name) }
  }

  #prefixed(node: IdentifierNode): IdentifierNode {
    if (!node.name.startsWith(DEFAULT_PREFIX)) return node
    return IdentifierNode.create(this.#names.prefix + node.name.slice(DEFAULT_PREFIX.length))
  }
}

function isOurs(name: string): name is keyof Tables {
  return Object.hasOwn(ours, name)
}
