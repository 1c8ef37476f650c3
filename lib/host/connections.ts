import type { Dispatcher } from 'undici'
import type { FetchLike, Timer } from '../ports.ts'

/** What undici sends requests through: a pool, an agent for a proxy, or a mock. */
export type HostDispatcher = Dispatcher

/** The network of the host client: connections that are kept for each site. */
export interface HostConnections {
  readonly fetch: FetchLike
  /** Ends the connections; answers that are still being read get a second for it. */
  close(): Promise<void>
}

export interface ConnectionOptions {
  /** What carries the calls. */
  readonly fetch: FetchLike
  /** Replaces the pools and stays open on close; `null` = none, `fetch` brings its own network. */
  readonly dispatcher?: Dispatcher | null
  readonly timer: Timer
}

/** A connection that nobody used for so long is closed. */
const KEEP_ALIVE_MS = 10_000
/** A body that stands still for so long will not come. */
const BODY_TIMEOUT_MS = 30_000
const CLOSE_WITHIN_MS = 1000

/** Opens nothing, and loads nothing, before the first call. */
export function createConnections({ fetch, dispatcher, timer }: ConnectionOptions): HostConnections {
  if (dispatcher !== undefined) return { fetch: withDispatcher(fetch, dispatcher), async close() {} }
  let pools: Promise<Dispatcher> | undefined
  let pooled: FetchLike | undefined

  async function open(): Promise<FetchLike> {
    pools ??= createPools()
    pooled = withDispatcher(fetch, await pools)
    return pooled
  }

  return {
    async fetch(url, init) {
      return await (pooled ?? (await open()))(url, init)
    },
    async close() {
      if (pools === undefined) return
      const open = await pools
      const cancel = timer(() => void open.destroy().catch(() => {}), CLOSE_WITHIN_MS)
      await open.close().catch(() => {})
      cancel()
    }
  }
}

async function createPools(): Promise<Dispatcher> {
  const { Agent } = await import('undici')
  return new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Each call has a limit of its own.
    headersTimeout: 0,
    bodyTimeout: BODY_TIMEOUT_MS
  })
}

function withDispatcher(fetch: FetchLike, dispatcher: Dispatcher | null): FetchLike {
  if (dispatcher === null) return fetch
  return (url, init) => fetch(url, { ...init, dispatcher } as RequestInit)
}
