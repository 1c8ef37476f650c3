import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { selectionOf } from './redis-head.ts'
import { identityFromText, resealed } from './redis-records.ts'
import { numberReply, type RunScript, tenantsReply } from './redis-script.ts'
import { listScript, replaceScript } from './redis-tenant-scripts.ts'
import { reencryptRedisTokens } from './redis-tokens.ts'
import type { ReencryptOptions, ReencryptResult } from './reencrypt.ts'

/** As `reencryptSecrets`, but the keys are those of the store, and Redis never held plain text. */
export async function reencryptTexts(
  run: RunScript,
  cipher: ColumnCipher,
  options: Omit<ReencryptOptions, 'encryption'>
): Promise<ReencryptResult> {
  const { batchSize = 100, onProgress, signal, clock = Date.now } = options
  let result: ReencryptResult = { tenants: 0, rewritten: 0, plaintext: 0, complete: false }
  let after = ''
  while (signal?.aborted !== true) {
    const found = tenantsReply(await run(listScript, selectionOf({}), after, String(batchSize)))
    if (found.length === 0) {
      const { rewritten, complete } = await reencryptRedisTokens(run, cipher, { nowMs: clock(), batchSize, signal })
      return { ...result, rewritten: result.rewritten + rewritten, complete }
    }
    for (const [root, ...registrations] of found) {
      for (const text of registrations) {
        const rewritten = await rewrite(run, cipher, text)
        result = { ...result, tenants: result.tenants + 1, rewritten: result.rewritten + rewritten }
      }
      after = identityFromText(root).tenantId
    }
    onProgress?.(result)
  }
  return result
}

/** A registration that changed meanwhile is left to the one who changed it, who writes with the newest key too. */
async function rewrite(run: RunScript, cipher: ColumnCipher, text: string): Promise<number> {
  const newer = resealed(text, cipher)
  if (newer === null) return 0
  const written = numberReply(await run(replaceScript, newer.connectId, text, newer.text))
  return written === 1 ? newer.secrets : 0
}
