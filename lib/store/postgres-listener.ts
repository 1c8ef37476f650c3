import { randomUUID } from 'node:crypto'
import type { Log } from '../ports.ts'
import type { TenantChangeListener } from '../tenant/tenant-store.ts'
import type { ListeningConnection } from './listening-connection.ts'

/** What stands in a notification. `sender` is one store of one process, which knows its own saves. */
export interface ChangeNote {
  readonly appKey: string
  readonly clientKey: string
  readonly sender: string
}

export const CHANGE_CHANNEL = 'atl_tenant_changes'

export interface PostgresListenerOptions {
  /** Makes a connection of its own: LISTEN does not work through a pool, or a pooler in transaction mode. */
  readonly connect: () => Promise<ListeningConnection>
  /** Sends a note the way saves do, so that the self-test proves the whole way. */
  readonly notify: (note: ChangeNote) => Promise<void>
  readonly appKey: string
  readonly sender: string
  readonly log: Log
}

export interface PostgresListener {
  /** Resolves to whether notes arrive; `false` ends the listening. */
  start(listener: TenantChangeListener): Promise<boolean>
  stop(): Promise<void>
}

const SELF_TEST_MS = 2000
const RECONNECT_MS = 1000

/**
 * Listens for saves of other processes. A connection that breaks is made again, and what was remembered is forgotten
 * both when it breaks and when it is back, because notes in between are lost.
 */
export function createPostgresListener(options: PostgresListenerOptions): PostgresListener {
  const { appKey, sender, log } = options
  let client: ListeningConnection | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function connect(listener: TenantChangeListener, heard: (note: ChangeNote) => void): Promise<void> {
    const connection = await options.connect()
    connection.on('error', () => {})
    connection.on('end', () => lost(connection, listener, heard))
    connection.on('notification', ({ channel, payload }) => {
      const note = channel === CHANGE_CHANNEL ? parseNote(payload) : null
      if (note !== null && note.appKey === appKey) heard(note)
    })
    await connection.query(`listen ${CHANGE_CHANNEL}`)
    client = connection
  }

  function lost(
    connection: ListeningConnection,
    listener: TenantChangeListener,
    heard: (note: ChangeNote) => void
  ): void {
    if (stopped || client !== connection) return
    client = undefined
    log.warn({}, 'the connection that hears of changed tenants broke; it is made again')
    listener.missed()
    reconnect(listener, heard)
  }

  function reconnect(listener: TenantChangeListener, heard: (note: ChangeNote) => void): void {
    timer = setTimeout(() => {
      connect(listener, heard).then(
        () => listener.missed(),
        () => {
          if (!stopped) reconnect(listener, heard)
        }
      )
    }, RECONNECT_MS)
    timer.unref()
  }

  return {
    async start(listener) {
      const test = `self-test ${randomUUID()}`
      let passed: () => void = () => {}
      const passing = new Promise<void>((resolve) => {
        passed = resolve
      })
      const heard = (note: ChangeNote): void => {
        if (note.clientKey === test) passed()
        else if (note.sender !== sender) listener.changed(note.clientKey)
      }
      try {
        await connect(listener, heard)
        await options.notify({ appKey, clientKey: test, sender })
        if (await within(passing, SELF_TEST_MS)) return true
        log.warn(
          {},
          'notifications of PostgreSQL do not arrive (a pooler in transaction mode swallows them): set "listenUrl" to the server itself; until then tenants are re-read'
        )
      } catch (error) {
        log.warn(
          { reason: error instanceof Error ? error.message : 'unknown' },
          'PostgreSQL cannot be listened to; tenants are re-read'
        )
      }
      await this.stop()
      return false
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      const connection = client
      client = undefined
      await connection?.end().catch(() => {})
    }
  }
}

/** Foreign programs may use the channel: what is not a note of ours is no note. */
function parseNote(payload: string | undefined): ChangeNote | null {
  try {
    const note: unknown = JSON.parse(payload ?? '')
    if (!Array.isArray(note) || note.length !== 3) return null
    const [appKey, clientKey, sender]: unknown[] = note
    if (typeof appKey !== 'string' || typeof clientKey !== 'string' || typeof sender !== 'string') return null
    return { appKey, clientKey, sender }
  } catch {
    return null
  }
}

export function noteText({ appKey, clientKey, sender }: ChangeNote): string {
  return JSON.stringify([appKey, clientKey, sender])
}

async function within(work: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs)
  })
  try {
    return await Promise.race([work.then(() => true as const), limit])
  } finally {
    clearTimeout(timer)
  }
}
