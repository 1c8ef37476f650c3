import { AtlassianError } from '../../errors.ts'
import { loadPackage } from '../load-package.ts'
import {
  type AceForgeSetting,
  type AceSetting,
  type AceSource,
  CLIENT_INFO,
  parseAceValue,
  USER_TOKEN_PREFIX
} from './ace-source.ts'

const CONNECT_TIMEOUT_MS = 5000
const INSTALLATION = 'installation:'
const FORGE = 'forge:'

/**
 * ACE's keys in Redis, read only: `<clientKey>:<key>` holds JSON text, `installation:<id>;` (with that semicolon) a
 * clientKey, `forge:<id>:<key>` JSON text. Other keys with a colon look like settings: give ACE's database a number of
 * its own in the address if it is shared. Throws `ATL_STORE_UNAVAILABLE` without the address.
 */
export async function readAceRedis(url: string): Promise<AceSource> {
  const { createClient } = await loadPackage('redis', 'A Redis database', () => import('redis'))
  const name = publicName(url)
  const client = createClient({
    url,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: (retries) => (retries < 3 ? 200 : false) }
  })
  // A connection that breaks ends the query that used it, and must not end the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    const message = `Redis cannot be reached at ${name}`
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'ace-redis', {}, { message, cause })
  }
  let linked: Map<string, string[]> | undefined

  /** Each key once: a scan may meet a key twice. */
  async function* scan(pattern: string): AsyncIterable<string> {
    const seen = new Set<string>()
    for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 500 })) {
      for (const key of keys) {
        if (seen.has(key)) continue
        seen.add(key)
        yield key
      }
    }
  }

  async function readLinks(): Promise<Map<string, string[]>> {
    const links = new Map<string, string[]>()
    for await (const key of scan(`${INSTALLATION}*;`)) {
      const clientKey = await client.get(key)
      const installationId = key.slice(INSTALLATION.length, -1)
      if (clientKey !== null) links.set(clientKey, [...(links.get(clientKey) ?? []), installationId])
    }
    return links
  }

  return {
    name,

    async *clientKeys() {
      const end = `:${CLIENT_INFO}`
      for await (const key of scan(`*${end}`)) yield key.slice(0, -end.length)
    },

    async clientInfos(clientKey) {
      const stored = await client.get(`${clientKey}:${CLIENT_INFO}`)
      return stored === null ? [] : [parseAceValue(stored)]
    },

    async installationIds(clientKey) {
      linked ??= await readLinks()
      return linked.get(clientKey) ?? []
    },

    async clientKeysOf(installationId) {
      const clientKey = await client.get(`${INSTALLATION}${installationId};`)
      return clientKey === null ? [] : [clientKey]
    },

    async *settings(): AsyncIterable<AceSetting> {
      for await (const name of scan('*:*')) {
        if (name.startsWith(FORGE) || name.startsWith(INSTALLATION)) continue
        const [clientKey, key] = split(name)
        if (key === CLIENT_INFO || key.startsWith(USER_TOKEN_PREFIX)) continue
        yield { clientKey, key, value: parseAceValue(await readText(name)) }
      }
    },

    async *forgeSettings(): AsyncIterable<AceForgeSetting> {
      for await (const name of scan(`${FORGE}*`)) {
        // An installation id is an ARI with colons and one slash near its end, or a bare id.
        const [, installationId, key] = /^forge:(ari:[^/]*\/[^:]*|[^:]*):(.*)$/s.exec(name) ?? []
        if (installationId === undefined || key === undefined) continue
        yield { installationId, key, value: parseAceValue(await readText(name)) }
      }
    },

    async leftovers() {
      let userTokens = 0
      for await (const name of scan(`*:${USER_TOKEN_PREFIX}*`)) if (!name.startsWith(FORGE)) userTokens++
      return { userTokens, oddRows: [] }
    },

    async close() {
      if (client.isOpen) await client.close()
    }
  }

  /** Whoever shares the database may keep lists and hashes in it, which are nothing of ACE's. */
  async function readText(key: string): Promise<string | null> {
    return (await client.type(key)) === 'string' ? client.get(key) : null
  }
}

/** A clientKey is a UUID or another name without a colon. */
function split(name: string): [clientKey: string, key: string] {
  const at = name.indexOf(':')
  return [name.slice(0, at), name.slice(at + 1)]
}

function publicName(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) {
    throw new AtlassianError(
      'ATL_OPTION',
      'ace-redis',
      {},
      { message: 'The address of Redis is not a valid redis:// URL' }
    )
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}
