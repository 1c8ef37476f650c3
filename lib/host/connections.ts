import type { Dispatcher } from 'undici'
import type { FetchLike } from '../ports.ts'
import { fetchNetwork, type Network } from './network.ts'
import { poolNetwork } from './pool-network.ts'

/** What undici sends requests through: a pool, an agent for a proxy, or a mock. */
export type HostDispatcher = Dispatcher

/** The network of the host client: connections that are kept for each site. */
export interface HostConnections {
  readonly network: Network
  /** Ends the connections at once. */
  close(): Promise<void>
}

export interface ConnectionOptions {
  /** Carries all calls instead of undici. */
  readonly fetch?: FetchLike | undefined
  /** Replaces the pools, and stays open on close. */
  readonly dispatcher?: HostDispatcher | undefined
}

/** A connection that nobody used for so long is closed. */
const KEEP_ALIVE_MS = 10_000
/** A body that stands still for so long will not come. */
const BODY_TIMEOUT_MS = 30_000

/** Opens nothing, and loads nothing, before the first call. */
export function createConnections({ fetch, dispatcher }: ConnectionOptions): HostConnections {
  if (fetch !== undefined || dispatcher !== undefined) return { network: replaced(fetch, dispatcher), async close() {} }
  let pools: Promise<Dispatcher> | undefined
  let pooled: Network | undefined

  async function open(): Promise<Network> {
    pools ??= createPools()
    pooled = replaced(undefined, await pools)
    return pooled
  }

  return {
    async network(url, request) {
      return await (pooled ?? (await open()))(url, request)
    },
    async close() {
      await (await pools)?.destroy()
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

function replaced(given: FetchLike | undefined, dispatcher: Dispatcher | undefined): Network {
  const carry: FetchLike = given ?? ((url, init) => fetch(url, init))
  if (dispatcher === undefined) return fetchNetwork(carry)
  const through = fetchNetwork((url, init) => carry(url, { ...init, dispatcher } as RequestInit))
  return given === undefined ? poolNetwork(dispatcher, through) : through
}
