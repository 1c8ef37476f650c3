import type { FastifyRequest } from 'fastify'

/** A URL for a log: the values of `jwt` and of other parameters that carry tokens become `[secret]`. */
export function redactUrl(url: string): string {
  return url
    .replace(/([?&;](?:jwt|j%77t|%6awt|acpt|token|access_token|assertion)=)[^&#\s]*/gi, '$1[secret]')
    .replace(JWT_LIKE, '[secret]')
}

// A compact token anywhere, however its parameter is spelled. It begins after another character or after an encoded one.
const JWT_LIKE =
  /(?:(?<![A-Za-z0-9_-])|(?<=%[0-9a-f]{2}))ey[a-z0-9_-]{8,}(?:\.|%2e)[a-z0-9_-]{8,}(?:\.|%2e)[a-z0-9_-]*/gi

/**
 * For Fastify's logger: `logger: { serializers: { req: requestSerializer } }`. As the usual line, without tokens.
 * Protected routes have it by themselves; give it to the logger so that public and unknown addresses have it too.
 */
export function requestSerializer(request: FastifyRequest): Record<string, unknown> {
  return {
    method: request.method,
    url: redactUrl(request.url),
    host: request.host,
    remoteAddress: request.ip,
    remotePort: request.socket?.remotePort
  }
}

/**
 * For Fastify's logger: `logger: { level: 'info', ...redactingLogger }`. The request line without tokens, and tokens out
 * of every message, such as the one about an unknown address, which repeats the URL.
 */
export const redactingLogger = Object.freeze({
  serializers: Object.freeze({ req: requestSerializer }),
  hooks: Object.freeze({
    logMethod(this: object, line: unknown[], log: (...line: unknown[]) => void): void {
      log.apply(
        this,
        line.map((part) => (typeof part === 'string' ? redactUrl(part) : part))
      )
    }
  })
})

type Serializer = (request: FastifyRequest) => unknown

/** The app's own serializer of requests with the tokens taken out, or ours where it has none. */
export function redactingSerializer(logger: object): Serializer {
  const serializers: unknown = Reflect.get(logger, Symbol.for('pino.serializers'))
  const own: unknown =
    typeof serializers === 'object' && serializers !== null ? Reflect.get(serializers, 'req') : undefined
  if (typeof own !== 'function') return requestSerializer
  return (request) => redactLine(own(request))
}

const SECRET_NAME =
  /^(?:jwt|acpt|authorization|x-forge-oauth-(?:system|user)|cookie|set-cookie|assertion|(?:access_|id_|refresh_)?token)$/i

function redactLine(line: unknown, depth = 0): unknown {
  if (typeof line === 'string') return redactUrl(line)
  if (typeof line !== 'object' || line === null || depth > 5) return line
  if (Array.isArray(line)) return line.map((item) => redactLine(item, depth + 1))
  const clean: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(line)) {
    clean[name] = SECRET_NAME.test(name) ? '[secret]' : redactLine(value, depth + 1)
  }
  return clean
}
