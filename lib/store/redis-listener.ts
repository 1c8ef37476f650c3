import { randomUUID } from 'node:crypto'
import type { Log } from '../ports.ts'
import type { TenantChangeListener } from '../tenant/tenant-store.ts'
import { within } from '../within.ts'
import { destroy, type RedisSubscriber } from './redis-connection.ts'

export interface RedisListenerOptions {
  /** Makes a connection of its own: one that listens does nothing else. */
  readonly connect: () => Promise<RedisSubscriber>
  readonly channel: string
  /** Tells the text on the channel the way saves do, so that the self-test proves the whole way. */
  readonly notify: (text: string) => Promise<unknown>
  /** This store of this process, which knows its own saves. */
  readonly sender: string
  readonly log: Log
}

export interface RedisListener {
  /** Resolves to whether notes arrive; `false` ends the listening. Never rejects. */
  start(listener: TenantChangeListener): Promise<boolean>
  stop(): void
}

const SELF_TEST_MS = 2000
const RECONNECT_MS = 1000
/** How often a silent connection is asked whether it is alive, and how long it may take to say so. */
const PULSE_MS = 2000

/**
 * Listens for saves of other processes. A connection that breaks, or whose server is gone without a word, is made
 * again. What was remembered is forgotten both when it breaks and when it is back: notes in between are lost.
 */
export function createRedisListener(options: RedisListenerOptions): RedisListener {
  const { channel, sender, log } = options
  let client: RedisSubscriber | undefined
  let reconnecting: NodeJS.Timeout | undefined
  let pulse: NodeJS.Timeout | undefined
  let stopped = false

  async function connect(listener: TenantChangeListener, heard: (text: string) => void): Promise<void> {
    const connection = await options.connect()
    connection.on('error', () => lost(connection, listener, heard))
    try {
      await within(connection.subscribe(channel, heard), SELF_TEST_MS, silence)
    } catch (error) {
      destroy(connection)
      throw error
    }
    if (stopped) return destroy(connection)
    client = connection
    pulse = setInterval(() => {
      within(connection.ping(), PULSE_MS, silence).catch(() => lost(connection, listener, heard))
    }, PULSE_MS)
    pulse.unref()
  }

  function lost(connection: RedisSubscriber, listener: TenantChangeListener, heard: (text: string) => void): void {
    if (stopped || client !== connection) return
    client = undefined
    clearInterval(pulse)
    destroy(connection)
    log.warn({}, 'the connection that hears of changed tenants broke; it is made again')
    listener.missed()
    reconnect(listener, heard)
  }

  function reconnect(listener: TenantChangeListener, heard: (text: string) => void): void {
    reconnecting = setTimeout(() => {
      connect(listener, heard).then(
        () => listener.missed(),
        () => {
          if (!stopped) reconnect(listener, heard)
        }
      )
    }, RECONNECT_MS)
    reconnecting.unref()
  }

  return {
    async start(listener) {
      const test = `self-test ${randomUUID()}`
      let passed: () => void = () => {}
      const passing = new Promise<void>((resolve) => {
        passed = resolve
      })
      const heard = (text: string): void => {
        if (text === test) passed()
        const note = parseNote(text)
        if (note !== null && note.sender !== sender) listener.changed(note.clientKey)
      }
      try {
        await connect(listener, heard)
        await options.notify(test)
        await within(passing, SELF_TEST_MS, silence)
        return true
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.warn({ reason }, 'Redis does not tell of changed tenants; they are re-read')
        this.stop()
        return false
      }
    },
    stop() {
      stopped = true
      clearTimeout(reconnecting)
      clearInterval(pulse)
      if (client !== undefined) destroy(client)
      client = undefined
    }
  }
}

interface Note {
  readonly clientKey: string
  readonly sender: string
}

/** Foreign programs may use the channel: what is not a note of ours is no note. */
function parseNote(text: string): Note | null {
  try {
    const note: unknown = JSON.parse(text)
    if (!Array.isArray(note) || note.length !== 2) return null
    const [clientKey, sender]: unknown[] = note
    return typeof clientKey === 'string' && typeof sender === 'string' ? { clientKey, sender } : null
  } catch {
    return null
  }
}

function silence(): Error {
  return new Error('nothing was heard in time')
}
