import { ClientError } from './client-error.ts'
import { connectTransport, type HostScript, type SessionSource } from './connect-transport.ts'
import { type ForgeBridgeLoader, forgeTransport } from './forge-transport.ts'
import { type CheckedRequest, type ClientRequest, checkRequest } from './request.ts'

export type { SessionSource } from './connect-transport.ts'

/** Everything is optional in a Connect page; Forge needs `forge`. */
export interface ClientOptions {
  /** Connect: the address of the backend, with its path. Default: the origin of the page. */
  readonly baseUrl?: string
  /** Connect: use session tokens. Without it each call carries a context token of the host. */
  readonly session?: boolean | SessionSource
  /** Connect: the host's script. Default: the global `AP`. */
  readonly host?: HostScript
  /** Forge: the package `@forge/bridge`, or what loads it. Used in frames of Forge only. */
  readonly forge?: ForgeBridgeLoader
  /** Forge: the key of a remote. With it calls go there directly (`requestRemote`), without tokens for the product. */
  readonly remoteKey?: string
  /** Says where the page runs, instead of looking. */
  readonly platform?: 'connect' | 'forge'
  /** How long the host may take to give a token, in milliseconds. Default 10000. */
  readonly timeoutMs?: number
  /** Connect: replaces the browser's `fetch`. */
  readonly fetch?: typeof fetch
}

/** Calls the backend of the app from its front end. */
export interface Client {
  /**
   * Resolves with the answer of the backend, whatever its status is. `path` begins with a slash and stands below the
   * backend's address. Rejects with ClientError where there was no answer, or with the reason of the signal.
   */
  request(path: string, request?: ClientRequest): Promise<Response>
}

/** What a page may have in its global scope; the second is how Forge marks its frames. */
interface PageScope {
  readonly AP?: HostScript
  readonly __bridge?: unknown
  readonly location?: { readonly origin: string }
}

type Send = (request: CheckedRequest) => Promise<Response>

/**
 * One client for a front end that runs in a Connect frame today and in Forge Custom UI tomorrow. Where it is is found
 * out at the first call, when scripts of the host have been loaded.
 */
export function createClient(options: ClientOptions = {}): Client {
  let send: Send | undefined
  return {
    async request(path, request = {}) {
      const checked = checkRequest(path, request)
      checked.signal?.throwIfAborted()
      send ??= chooseTransport(options)
      return send(checked)
    }
  }
}

function chooseTransport(options: ClientOptions): Send {
  const page = globalThis as typeof globalThis & PageScope
  const { forge, remoteKey, host = page.AP } = options
  const platform = options.platform ?? (page.__bridge === undefined && host !== undefined ? 'connect' : 'forge')
  if (platform === 'connect' && host !== undefined) {
    const { session, timeoutMs = 10_000, fetch = globalThis.fetch.bind(globalThis) } = options
    const baseUrl = (options.baseUrl ?? page.location?.origin ?? '').replace(/\/+$/, '')
    return connectTransport({ host, baseUrl, session: sessionOf(session), timeoutMs, fetch })
  }
  if (platform === 'forge' && forge !== undefined) return forgeTransport({ bridge: forge, remoteKey })
  const remedy =
    platform === 'connect'
      ? 'load the script of the host (all.js) before the first call'
      : 'hand in the package @forge/bridge as "forge", or load the script of the host in a Connect page'
  throw new ClientError('no-platform', `This page cannot reach its backend: ${remedy}`)
}

function sessionOf(session: ClientOptions['session']): SessionSource | undefined {
  if (session === true) return {}
  return session === false ? undefined : session
}
