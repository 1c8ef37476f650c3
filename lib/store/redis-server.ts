import { AtlassianError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { type SendCommand, textReply } from './redis-script.ts'

const OLDEST = [6, 2] as const

/**
 * Throws `ATL_OPTION` for a server that is too old. Warns of settings that lose tenants, which the one who runs the
 * server may have chosen with open eyes.
 */
export async function checkServer(send: SendCommand, log: Log): Promise<void> {
  const info = parseInfo(textReply(await send(['INFO'])))
  const version = info.get('redis_version') ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (!(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]))) {
    const message = `The store needs Redis ${OLDEST.join('.')} or later, and this server is ${version || 'of no known version'}`
    throw new AtlassianError('ATL_OPTION', 'redis-version', { version }, { message })
  }
  if (info.get('aof_enabled') === '0') {
    log.warn(
      {},
      'Redis runs without "appendonly": a crash of the server loses the installs and rotations since its last snapshot'
    )
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy.startsWith('allkeys-')) {
    log.warn({ policy }, 'Redis removes tenants when its memory is full: set "maxmemory-policy" to noeviction')
  }
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    })
  )
}
