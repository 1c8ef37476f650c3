import { createReadStream } from 'node:fs'
import { AtlassianError } from '../../errors.ts'
import {
  type AceForgeSetting,
  type AceOddRow,
  type AceSetting,
  type AceSource,
  CLIENT_INFO,
  parseAceValue,
  USER_TOKEN_PREFIX
} from './ace-source.ts'

/**
 * Rows of any ACE store, one JSON object a line: `{"clientKey","key","val"}` for a setting, `{"installationId",
 * "clientKey"}` for a link, `{"installationId","key","val"}` for a setting of a Forge installation. `val` may be JSON
 * or its text, other members are passed over. A later line is newer than an earlier one. The file is held in memory.
 * Throws `ATL_STORE_UNAVAILABLE` if it cannot be read.
 */
export async function readAceRowsFile(path: string): Promise<AceSource> {
  const clientInfos = new Map<string, unknown[]>()
  const installationIds = new Map<string, string[]>()
  const linkedKeys = new Map<string, string[]>()
  const settings: AceSetting[] = []
  const forgeSettings: AceForgeSetting[] = []
  const oddRows: AceOddRow[] = []
  let userTokens = 0

  function take(row: Readonly<Record<string, unknown>>): boolean {
    const { clientKey, installationId, key, val } = row
    if (isName(clientKey) && isName(key)) {
      if (key.startsWith(USER_TOKEN_PREFIX)) userTokens++
      else if (key === CLIENT_INFO) add(clientInfos, clientKey, parseAceValue(val))
      else settings.push({ clientKey, key, value: parseAceValue(val) })
    } else if (isName(installationId) && isName(clientKey)) {
      add(installationIds, clientKey, installationId)
      add(linkedKeys, installationId, clientKey)
    } else if (isName(installationId) && isName(key))
      forgeSettings.push({ installationId, key, value: parseAceValue(val) })
    else return false
    return true
  }

  let number = 0
  for await (const line of linesOf(path)) {
    number++
    if (line.trim() === '') continue
    const row = parseLine(line)
    const reason = row === null ? 'not-a-json-object' : take(row) ? null : 'no-known-row'
    if (reason !== null) oddRows.push({ where: `line ${number}`, reason })
  }

  return {
    name: path,
    async *clientKeys() {
      yield* clientInfos.keys()
    },
    async clientInfos(clientKey) {
      return newestFirst(clientInfos.get(clientKey))
    },
    async installationIds(clientKey) {
      return [...new Set(newestFirst(installationIds.get(clientKey)))]
    },
    async clientKeysOf(installationId) {
      return [...new Set(newestFirst(linkedKeys.get(installationId)))]
    },
    async *settings() {
      yield* settings
    },
    async *forgeSettings() {
      yield* forgeSettings
    },
    async leftovers() {
      return { userTokens, oddRows }
    },
    async close() {}
  }
}

async function* linesOf(path: string): AsyncIterable<string> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown reason'
    const message = `The file "${path}" cannot be read: ${why}`
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'rows-file', {}, { message, cause })
  }
  yield rest
}

function add<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [value])
  else list.push(value)
}

/** Later lines are newer. */
function newestFirst<Value>(list: readonly Value[] | undefined): Value[] {
  return list?.toReversed() ?? []
}

function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
