import { randomUUID } from 'node:crypto'
import type { Log } from '../ports.ts'
import type { TenantChangeListener } from '../tenant/tenant-store.ts'
import { within } from '../within.ts'

/** What one store of one process tells the others. */
export interface SaveNote {
  /** By which others may remember the tenant: a clientKey, or its tenantId. */
  readonly name: string
  /** The store that saved, which knows its own saves; in a self-test a mark that nobody else takes for a save. */
  readonly sender: string
}

/** A connection over which notes come. */
export interface HearingConnection {
  /** Resolves when the connection is of no use any more. */
  readonly lost: Promise<void>
  /** Ends it. Never rejects. */
  end(): Promise<void>
}

export interface ChangeListenerOptions {
  /** Makes a connection of its own that hands on each note of this app. */
  readonly connect: (heard: (note: SaveNote) => void) => Promise<HearingConnection>
  /** Tells a note the way saves do, so that the self-test proves the whole way. */
  readonly notify: (note: SaveNote) => Promise<unknown>
  readonly sender: string
  readonly log: Log
  /** Logged when nothing can be heard. */
  readonly deaf: string
}

export interface ChangeListener {
  /** Resolves to whether notes arrive; `false` ends the listening. Never rejects. */
  start(listener: TenantChangeListener): Promise<boolean>
  stop(): Promise<void>
}

const SELF_TEST = 'self-test '
const SELF_TEST_MS = 2000
const RECONNECT_MS = 1000

/**
 * Listens for saves of other processes. A connection that breaks is made again, and what was remembered is forgotten
 * both when it breaks and when it is back, because notes in between are lost.
 */
export function createChangeListener({ connect, notify, sender, log, deaf }: ChangeListenerOptions): ChangeListener {
  let current: HearingConnection | undefined
  let reconnecting: NodeJS.Timeout | undefined
  let stopped = false

  async function hear(listener: TenantChangeListener, heard: (note: SaveNote) => void): Promise<void> {
    const connection = await connect(heard)
    if (stopped) {
      await connection.end()
      throw new Error('the listening has ended')
    }
    current = connection
    connection.lost.then(() => {
      if (current !== connection) return
      current = undefined
      log.warn({}, 'the connection that hears of changed tenants broke; it is made again')
      listener.missed()
      hearAgain(listener, heard)
    })
  }

  function hearAgain(listener: TenantChangeListener, heard: (note: SaveNote) => void): void {
    reconnecting = setTimeout(() => {
      hear(listener, heard).then(
        () => listener.missed(),
        () => {
          if (!stopped) hearAgain(listener, heard)
        }
      )
    }, RECONNECT_MS)
    reconnecting.unref()
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(reconnecting)
    const connection = current
    current = undefined
    await connection?.end()
  }

  return {
    stop,

    async start(listener) {
      const mark = `${SELF_TEST}${randomUUID()}`
      const { promise: passing, resolve: passed } = Promise.withResolvers<void>()
      const heard = (note: SaveNote): void => {
        if (note.sender === mark) passed()
        else if (note.sender !== sender && !note.sender.startsWith(SELF_TEST)) listener.changed(note.name)
      }
      try {
        await hear(listener, heard)
        await notify({ name: '', sender: mark })
        await within(passing, SELF_TEST_MS, () => new Error('notes do not arrive'))
        return true
      } catch (error) {
        if (!stopped) log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, deaf)
        await stop()
        return false
      }
    }
  }
}
