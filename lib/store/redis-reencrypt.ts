import type { ColumnCipher } from '../encryption/column-cipher.ts'
import { resealed, selectionOf } from './redis-records.ts'
import { numberReply, type RunScript, textsReply } from './redis-script.ts'
import { listScript, replaceScript } from './redis-tenant-scripts.ts'
import type { ReencryptOptions, ReencryptResult } from './reencrypt.ts'

/** As `reencryptSecrets`, but the keys are those of the store, and Redis never held plain text. */
export async function reencryptTexts(
  run: RunScript,
  cipher: ColumnCipher,
  options: Omit<ReencryptOptions, 'encryption' | 'clock'>
): Promise<ReencryptResult> {
  const { batchSize = 100, onProgress, signal } = options
  let result: ReencryptResult = { tenants: 0, rewritten: 0, plaintext: 0, complete: false }
  let after = ''
  while (signal?.aborted !== true) {
    const texts = textsReply(await run(listScript, selectionOf({}), after, String(batchSize)))
    if (texts.length === 0) return { ...result, complete: true }
    for (const text of texts) {
      const rewritten = await rewrite(run, cipher, text)
      result = { ...result, tenants: result.tenants + 1, rewritten: result.rewritten + rewritten }
    }
    const last: { tenantId: string } = JSON.parse(texts.at(-1) ?? '')
    after = last.tenantId
    onProgress?.(result)
  }
  return result
}

/** A record that changed meanwhile is left to the one who changed it, who writes with the newest key too. */
async function rewrite(run: RunScript, cipher: ColumnCipher, text: string): Promise<number> {
  const newer = resealed(text, cipher)
  if (newer === null) return 0
  const written = numberReply(await run(replaceScript, newer.tenantId, text, newer.text))
  return written === 1 ? newer.secrets : 0
}
