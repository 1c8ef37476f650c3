import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A text, a hash, or a sorted set as pairs of score and member. */
type Value = string | Record<string, string> | [score: number, member: string][]

interface Client {
  sendCommand(args: readonly string[]): Promise<unknown>
}

/** Puts the data of the oldest layout under this prefix, as a version of the package wrote it that is no more. */
export async function restoreOldestLayout(client: Client, prefix: string): Promise<void> {
  const file = join(import.meta.dirname, '../vectors/redis-layout-1.json')
  const keys: Record<string, Value> = JSON.parse(await readFile(file, 'utf8'))
  for (const [name, value] of Object.entries(keys)) {
    const key = `{${prefix}}:${name}`
    if (typeof value === 'string') await client.sendCommand(['SET', key, value])
    else if (Array.isArray(value)) await client.sendCommand(['ZADD', key, ...value.flat().map(String)])
    else await client.sendCommand(['HSET', key, ...Object.entries(value).flat()])
  }
}

/** The keys of this prefix that are more than the mark of a layout. */
export async function keysWithData(client: Client, prefix: string): Promise<string[]> {
  const keys = await client.sendCommand(['KEYS', `{${prefix}}:*`])
  const found: string[] = []
  for (const key of Array.isArray(keys) ? keys.map(String) : []) {
    if ((await client.sendCommand(['TYPE', key])) !== 'string') found.push(key)
  }
  return found
}
