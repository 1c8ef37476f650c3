import { createHash } from 'node:crypto'
import { KEY_VARIABLES } from './redis-keys.ts'
import type { TenantTexts } from './redis-records.ts'

/** A step that Redis does as a whole, with nothing in between. */
export interface RedisScript {
  readonly source: string
  readonly sha: string
}

/** Sends one command and gives the reply as it came. */
export type SendCommand = (args: readonly string[]) => Promise<unknown>

/** Runs a script on the keys of one app. */
export type RunScript = (script: RedisScript, ...args: readonly string[]) => Promise<unknown>

const PRELUDE = KEY_VARIABLES.map((name, index) => `local ${name} = KEYS[${index + 1}]`).join('\n')

/** A script that knows the keys by their names. */
export function redisScript(body: string): RedisScript {
  const source = `${PRELUDE}\n${body}`
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Sends the script itself only where the server does not know it yet, as after its restart. */
export function scriptRunner(send: SendCommand, keys: readonly string[]): RunScript {
  return async ({ source, sha }, ...args) => {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await send(['EVALSHA', sha, ...rest])
    } catch (error) {
      // Refused before anything ran, so sending it again repeats nothing.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return send(['EVAL', source, ...rest])
    }
  }
}

/** The reply as text. Throws for anything else: another program writes to our keys then. */
export function textReply(reply: unknown): string {
  if (typeof reply !== 'string') throw unexpected()
  return reply
}

/** The reply as a list of texts. */
export function textsReply(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw unexpected()
  return reply.map(textReply)
}

/** The reply as tenants, each of them as `TenantTexts` says. */
export function tenantsReply(reply: unknown): TenantTexts[] {
  if (!Array.isArray(reply)) throw unexpected()
  return reply.map((tenant) => {
    const [root, ...registrations] = textsReply(tenant)
    if (root === undefined) throw unexpected()
    return [root, ...registrations]
  })
}

/** The reply as a whole number. */
export function numberReply(reply: unknown): number {
  if (typeof reply !== 'number') throw unexpected()
  return reply
}

function unexpected(): Error {
  return new Error('Redis answered with something else than the store wrote')
}
