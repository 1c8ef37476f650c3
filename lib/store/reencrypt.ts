import { type ColumnCipher, createColumnCipher } from '../encryption/column-cipher.ts'
import type { EncryptionOptions } from '../encryption/encryption-options.ts'
import { createKeyRing } from '../encryption/key-ring.ts'
import type { Clock } from '../ports.ts'
import type { DatabaseHandle } from './database.ts'
import { reencryptTokens } from './reencrypt-tokens.ts'
import { isFullyEncrypted, markFullyEncrypted } from './store-cipher.ts'
import { type SecretColumn, secretColumns, secretPlace } from './tenant-rows.ts'

/** How re-encryption walks. */
export interface ReencryptOptions {
  readonly encryption: EncryptionOptions
  /** Rows read and written at a time, 1 to 1000. Default 100. */
  readonly batchSize?: number
  /** Told after each batch. */
  readonly onProgress?: (progress: ReencryptResult) => void
  /** Stops between two batches; the next run goes on where it is needed. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** What re-encryption has done so far. */
export interface ReencryptResult {
  /** Connect registrations looked at: one for most tenants. */
  readonly tenants: number
  /** Secrets and access tokens written anew. */
  readonly rewritten: number
  /** Of those, how many were plain text. */
  readonly plaintext: number
  /** Whether the walk met every tenant; only then plain text is refused from now on. */
  readonly complete: boolean
}

/**
 * Writes every stored secret that is plain text or sealed with an older key with the newest one, while the app serves.
 * A row that changes meanwhile is left to the one who changed it, who writes with the newest key too. It can be
 * stopped and repeated at any time: what is done is only looked at. Throws `ATL_ENCRYPTION_KEY` for a secret that
 * does not open, and changes nothing of that row; so does plain text without `acceptPlaintext`, and after a walk that
 * met every tenant.
 */
export async function reencryptSecrets(database: DatabaseHandle, options: ReencryptOptions): Promise<ReencryptResult> {
  const { batchSize = 100, onProgress, signal, clock = Date.now } = options
  // Whoever can write a row could else have his own secret sealed for him.
  const acceptPlaintext = options.encryption.acceptPlaintext === true && !(await isFullyEncrypted(database))
  const cipher = createColumnCipher(await createKeyRing(options.encryption), () => acceptPlaintext)
  let result: ReencryptResult = { tenants: 0, rewritten: 0, plaintext: 0, complete: false }
  let after = ''
  while (signal?.aborted !== true) {
    const rows = await readBatch(database, after, batchSize)
    if (rows.length === 0) {
      const tokens = await reencryptTokens(database, cipher, { nowMs: clock(), batchSize, signal })
      result = { ...result, rewritten: result.rewritten + tokens.rewritten }
      if (!tokens.complete) return result
      await markFullyEncrypted(database, new Date(clock()).toISOString())
      return { ...result, complete: true }
    }
    for (const row of rows) {
      const { rewritten, plaintext } = await rewriteRow(database, cipher, row)
      result = {
        ...result,
        tenants: result.tenants + 1,
        rewritten: result.rewritten + rewritten,
        plaintext: result.plaintext + plaintext
      }
    }
    after = rows.at(-1)?.connect_id ?? after
    onProgress?.(result)
  }
  return result
}

type SecretRow = Awaited<ReturnType<typeof readBatch>>[number]

function readBatch({ tables }: DatabaseHandle, after: string, limit: number) {
  return tables
    .selectFrom('atl_connects')
    .select(['connect_id', ...secretColumns])
    .where('connect_id', '>', after)
    .orderBy('connect_id')
    .limit(limit)
    .execute()
}

async function rewriteRow({ tables }: DatabaseHandle, cipher: ColumnCipher, row: SecretRow) {
  let rewritten = 0
  let plaintext = 0
  for (const column of secretColumns) {
    const stored = row[column]
    if (stored === null || !cipher.isOutdated(stored)) continue
    const place = secretPlace(row.connect_id, column)
    const sealed = cipher.seal(cipher.open(stored, place), place)
    const { numUpdatedRows } = await tables
      .updateTable('atl_connects')
      .set(columnValue(column, sealed))
      .where('connect_id', '=', row.connect_id)
      // Only what was read: a rotation that came between has written a newer secret.
      .where(column, '=', stored)
      .executeTakeFirstOrThrow()
    if (Number(numUpdatedRows) === 1) {
      rewritten++
      if (!stored.startsWith('atlenc1.')) plaintext++
    }
  }
  return { rewritten, plaintext }
}

function columnValue(column: SecretColumn, value: string): { shared_secret: string } | { previous_secret: string } {
  return column === 'shared_secret' ? { shared_secret: value } : { previous_secret: value }
}
