import type { Log } from '../ports.ts'
import { within } from '../within.ts'
import { type ChangeListener, createChangeListener, type SaveNote } from './change-listener.ts'
import { destroy, type RedisSubscriber } from './redis-connection.ts'

export interface RedisListenerOptions {
  /** Makes a connection of its own: one that listens does nothing else. */
  readonly connect: () => Promise<RedisSubscriber>
  readonly channel: string
  /** Tells a text on the channel. */
  readonly notify: (text: string) => Promise<unknown>
  readonly sender: string
  readonly log: Log
}

const SUBSCRIBE_MS = 2000
/** How often a silent connection is asked whether it is alive, and how long it may take to say so. */
const PULSE_MS = 2000

/** Listens for saves of other processes on the channel of the app. A server that is gone without a word is noticed. */
export function createRedisListener({ channel, notify, ...options }: RedisListenerOptions): ChangeListener {
  return createChangeListener({
    ...options,
    deaf: 'Redis does not tell of changed tenants; they are re-read',
    notify: ({ name, sender }) => notify(JSON.stringify([name, sender])),
    async connect(heard) {
      const connection = await options.connect()
      const { promise: lost, resolve } = Promise.withResolvers<void>()
      connection.on('error', () => resolve())
      const subscribed = connection.subscribe(channel, (text) => {
        const note = parseNote(text)
        if (note !== null) heard(note)
      })
      try {
        await within(subscribed, SUBSCRIBE_MS, silence)
      } catch (error) {
        destroy(connection)
        throw error
      }
      const pulse = setInterval(() => {
        within(connection.ping(), PULSE_MS, silence).catch(() => resolve())
      }, PULSE_MS)
      pulse.unref()
      const end = async () => {
        clearInterval(pulse)
        destroy(connection)
      }
      lost.then(end)
      return { lost, end }
    }
  })
}

/** Foreign programs may use the channel: what is not a note of ours is no note. */
function parseNote(text: string): SaveNote | null {
  try {
    const note: unknown = JSON.parse(text)
    if (!Array.isArray(note) || note.length !== 2) return null
    const [name, sender]: unknown[] = note
    return typeof name === 'string' && typeof sender === 'string' ? { name, sender } : null
  } catch {
    return null
  }
}

function silence(): Error {
  return new Error('nothing was heard in time')
}
