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

/** Everything under this prefix by its key, the prefix itself left out, so that two of them can be compared. */
export async function contentOf(client: Client, prefix: string): Promise<Map<string, unknown>> {
  const keys = await client.sendCommand(['KEYS', `{${prefix}}:*`])
  const content = new Map<string, unknown>()
  for (const key of Array.isArray(keys) ? keys.map(String).sort() : []) {
    content.set(key.replace(`{${prefix}}`, '{}'), await valueAt(client, key))
  }
  return content
}

async function valueAt(client: Client, key: string): Promise<unknown> {
  const kind = await client.sendCommand(['TYPE', key])
  if (kind === 'string') return client.sendCommand(['GET', key])
  if (kind === 'zset') return client.sendCommand(['ZRANGE', key, '0', '-1', 'WITHSCORES'])
  const pairs = await client.sendCommand(['HGETALL', key])
  return Array.isArray(pairs)
    ? Array.from({ length: pairs.length / 2 }, (_, n) => pairs.slice(2 * n, 2 * n + 2)).sort()
    : pairs
}
