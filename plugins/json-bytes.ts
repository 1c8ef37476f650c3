import type { FastifyInstance } from 'fastify'
import { AtlassianError } from '../lib/errors.ts'

/** Leaves every body of this scope as bytes: hosts send JSON, or nothing at all without a type. */
export function acceptAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** The JSON of such a body; `undefined` where there is none. Throws `ATL_WEBHOOK_BODY`. */
export function parseJsonBytes(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined
  try {
    const text = body.toString('utf8')
    // As Fastify's own parser: such a member would become the prototype of whatever it is copied into.
    return /__proto__|\\u005f/i.test(text) ? JSON.parse(text, withoutPrototype) : JSON.parse(text)
  } catch (cause) {
    throw new AtlassianError('ATL_WEBHOOK_BODY', 'json', {}, { cause })
  }
}

function withoutPrototype(name: string, value: unknown): unknown {
  return name === '__proto__' ? undefined : value
}

/** JSON is read at any depth, but not written: no host nests that deep. Throws `ATL_WEBHOOK_BODY` for that. */
export async function writable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof RangeError) throw new AtlassianError('ATL_WEBHOOK_BODY', 'body-depth')
    throw cause
  }
}
