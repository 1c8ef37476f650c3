import type { Draft } from './draft.ts'
import { KEY_FILES, PREFIX } from './variables.ts'

const EXPECTED =
  'it must be ID=FILE with commas between them, the newest first, each file 32 bytes or their base64 text'

/** One file for each key, so that each can be a secret of its own in the place that keeps them. */
export function readKeyFiles(draft: Draft, text: string, readFile: (path: string) => Uint8Array): void {
  if (draft.has('encryption.keys')) {
    draft.problem(KEY_FILES, `it must not be set beside ${PREFIX}ENCRYPTION_KEYS`)
    return
  }
  const keys: { id: string; key: string }[] = []
  for (const part of text.split(',').map((part) => part.trim())) {
    if (part === '') continue
    const key = readKey(part, readFile)
    if (key === null || keys.some(({ id }) => id === key.id)) {
      draft.problem(KEY_FILES, EXPECTED)
      return
    }
    keys.push(key)
  }
  if (keys.length === 0) {
    draft.problem(KEY_FILES, EXPECTED)
    return
  }
  draft.set('encryption.keys', keys, KEY_FILES, true)
}

function readKey(part: string, readFile: (path: string) => Uint8Array): { id: string; key: string } | null {
  const [, id = '', path = ''] = /^([A-Za-z0-9_-]{1,64})=(.+)$/.exec(part) ?? []
  if (path === '') return null
  try {
    const bytes = Buffer.from(readFile(path))
    const key = bytes.length === 32 ? bytes : Buffer.from(bytes.toString('utf8').trim(), 'base64')
    return key.length === 32 ? { id, key: key.toString('base64') } : null
  } catch {
    return null
  }
}
