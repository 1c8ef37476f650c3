import { createHash } from 'node:crypto'
import { MAX_KEY_LENGTH } from './manifest.ts'

const HASH_LENGTH = 6

/** A key that depends on the text alone, so that it stays when other things change: a changed key is a new module. */
export function stableKey(text: string): string {
  const plain = text.replace(/[^a-zA-Z0-9]+/g, '-').replace(/^-|-$/g, '')
  if (plain !== '' && plain.length <= MAX_KEY_LENGTH) return plain
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH)
  const start = plain.slice(0, MAX_KEY_LENGTH - HASH_LENGTH - 1).replace(/-$/, '')
  return start === '' ? `key-${hash}` : `${start}-${hash}`
}

/** Gives each text its stable key, and a number behind it where that key is taken. */
export function keyMaker(others: Iterable<string>): (text: string) => string {
  const taken = new Set(others)
  return (text) => {
    const key = stableKey(text)
    let free = key
    for (let count = 2; taken.has(free); count++) {
      const ending = `-${count}`
      free = `${key.slice(0, MAX_KEY_LENGTH - ending.length)}${ending}`
    }
    taken.add(free)
    return free
  }
}
