import type { Log } from '../ports.ts'
import { type ChangeListener, createChangeListener, type SaveNote } from './change-listener.ts'
import type { ListeningConnection } from './listening-connection.ts'

/** What stands in a notification. */
export interface ChangeNote extends SaveNote {
  readonly appKey: string
}

export const CHANGE_CHANNEL = 'atl_tenant_changes'

export interface PostgresListenerOptions {
  /** Makes a connection of its own: LISTEN does not work through a pool, or a pooler in transaction mode. */
  readonly connect: () => Promise<ListeningConnection>
  /** Sends a note the way saves do. */
  readonly notify: (note: ChangeNote) => Promise<void>
  readonly appKey: string
  readonly sender: string
  readonly log: Log
}

/** Listens for saves of other processes with LISTEN; all apps of a database are told on one channel. */
export function createPostgresListener({ appKey, ...options }: PostgresListenerOptions): ChangeListener {
  return createChangeListener({
    ...options,
    notify: (note) => options.notify({ appKey, ...note }),
    deaf: 'PostgreSQL does not tell of changed tenants; they are re-read. A pooler in transaction mode swallows notifications: set "listenUrl" to the server itself',
    async connect(heard) {
      const connection = await options.connect()
      const { promise: lost, resolve } = Promise.withResolvers<void>()
      connection.on('error', () => {})
      connection.on('end', resolve)
      connection.on('notification', ({ channel, payload }) => {
        const note = channel === CHANGE_CHANNEL ? parseNote(payload) : null
        if (note?.appKey === appKey) heard(note)
      })
      const end = () => connection.end().catch(() => {})
      try {
        await connection.query(`listen ${CHANGE_CHANNEL}`)
      } catch (error) {
        await end()
        throw error
      }
      return { lost, end }
    }
  })
}

/** Foreign programs may use the channel: what is not a note of ours is no note. */
function parseNote(payload: string | undefined): ChangeNote | null {
  try {
    const note: unknown = JSON.parse(payload ?? '')
    if (!Array.isArray(note) || note.length !== 3) return null
    const [appKey, name, sender]: unknown[] = note
    if (typeof appKey !== 'string' || typeof name !== 'string' || typeof sender !== 'string') return null
    return { appKey, name, sender }
  } catch {
    return null
  }
}

export function noteText({ appKey, name, sender }: ChangeNote): string {
  return JSON.stringify([appKey, name, sender])
}
