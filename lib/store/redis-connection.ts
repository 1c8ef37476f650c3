import { AtlassianError } from '../errors.ts'
import { within } from '../within.ts'
import { loadPackage } from './load-package.ts'
import type { SendCommand } from './redis-script.ts'

/**
 * The part of a client of the package `redis` that the store uses; what its `createClient` gives fits as it is.
 * For a cluster, wrap it: `sendCommand: (args) => cluster.sendCommand(args[3], false, args)`.
 */
export interface RedisClient {
  /** Sends one command and gives the reply as it came. */
  sendCommand(args: readonly string[]): Promise<unknown>
  /** A client of its own with the same settings, not connected yet: hearing of changes needs one. */
  duplicate(): RedisSubscriber
}

/** The part of a client that is used to hear of changes. */
export interface RedisSubscriber {
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  ping(): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  /** Ends it at once. */
  destroy(): void
}

/** Commands go one way, and whoever listens gets a connection of its own. */
export interface RedisConnection {
  readonly send: SendCommand
  /** A new, connected client that the caller destroys. */
  connectSubscriber(): Promise<RedisSubscriber>
  /** Ends what was opened here, and nothing else. */
  close(): Promise<void>
}

const CONNECT_MS = 2000

/** A client that somebody else opened, keeps alive and closes. Only the time of each answer is limited here. */
export function borrowedConnection(client: RedisClient, timeoutMs: number): RedisConnection {
  return {
    send: (args) => within(client.sendCommand(args), timeoutMs, noAnswer),
    connectSubscriber: () => connected(client.duplicate(), timeoutMs),
    async close() {}
  }
}

/**
 * A connection that is made when it is needed and dropped when it fails, so that the next command starts anew: nothing
 * waits for a server that is gone, and nobody has to notice when it is back. The address is never told to anyone.
 */
export async function ownConnection(url: string, timeoutMs: number): Promise<RedisConnection> {
  if (!/^rediss?:\/\/./i.test(url) || URL.parse(url) === null) {
    const message = 'The address of Redis cannot be used: it must be redis://user:password@host:port or rediss://...'
    throw new AtlassianError('ATL_OPTION', 'redis-url', {}, { message })
  }
  const { createClient } = await loadPackage('redis', 'The Redis store', () => import('redis'))
  let current: Promise<RedisClient & RedisSubscriber> | undefined

  const create = () =>
    createClient({
      url,
      RESP: 2,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
      maintNotifications: 'disabled'
    })

  function forget(connecting: Promise<RedisSubscriber>): void {
    if (current === connecting) current = undefined
    connecting.then(destroy, () => {})
  }

  function connect(): Promise<RedisClient & RedisSubscriber> {
    const connecting = connected(create(), timeoutMs)
    connecting.then(
      (client) => client.on('error', () => forget(connecting)),
      () => forget(connecting)
    )
    return connecting
  }

  return {
    async send(args) {
      current ??= connect()
      const connecting = current
      const client = await connecting
      try {
        return await within(client.sendCommand(args), timeoutMs, noAnswer)
      } catch (error) {
        if (isUseless(error)) forget(connecting)
        throw error
      }
    },
    connectSubscriber: () => connected(create(), timeoutMs),
    async close() {
      const closing = current
      current = undefined
      await closing?.then(destroy, () => {})
    }
  }
}

async function connected<Client extends RedisSubscriber>(client: Client, timeoutMs: number): Promise<Client> {
  // Without a listener an error of the connection would end the process.
  client.on('error', () => {})
  try {
    await within(
      client.connect().then(() => {}),
      timeoutMs,
      noAnswer
    )
    return client
  } catch (error) {
    destroy(client)
    throw error
  }
}

/** A client that ended by itself refuses to be ended again. */
export function destroy(client: RedisSubscriber): void {
  try {
    client.destroy()
  } catch {}
}

class NoAnswer extends Error {}

function noAnswer(): Error {
  return new NoAnswer('Redis did not answer in time')
}

/**
 * Whether the connection itself is of no use: a server that is silent may be gone without a word, and one that became
 * a replica sends every write away while another one took over its name.
 */
function isUseless(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof Error && error.message.startsWith('READONLY'))
}
