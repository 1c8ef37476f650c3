/** The world as arguments: the core never reads a clock, a network or a log that was not handed to it. */

/** Milliseconds since 1970, as `Date.now()`. */
export type Clock = () => number

/** Calls back once after so many milliseconds. What it gives takes that back. */
export type Timer = (callback: () => void, ms: number) => () => void

export const systemTimer: Timer = (callback, ms) => {
  const timeout = setTimeout(callback, ms)
  return () => clearTimeout(timeout)
}

/** The part of the web's `fetch` that the core uses. */
export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>

/** What Fastify's logger offers; the core writes reasons here and nowhere else. */
export interface Log {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {}
}

/**
 * A request as the host signed it, free of any framework.
 * `url` is the raw path with its query exactly as received: decoding or re-encoding changes the hash.
 */
export interface SignedRequest {
  readonly method: string
  readonly url: string
  /** Every `Authorization` header that was sent, unmerged. */
  readonly authorization: readonly string[]
  /** The media type without parameters, in lower case. */
  readonly contentType: string | undefined
  /** Fields of a parsed form body, once it is parsed; never the fields of a JSON body. */
  readonly form?: Readonly<Record<string, unknown>> | undefined
}
