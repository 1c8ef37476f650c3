import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { changedFixedParts, type Descriptor, serializeDescriptor } from '../lib/descriptor/index.ts'
import { checkRoutes, type SeenRoute } from './check-routes.ts'

/** The descriptor that is served now. It differs from the one of the start only while its file is watched. */
export interface ServedDescriptor {
  current: Descriptor
}

export interface WatchDescriptorOptions {
  readonly core: ConnectApp
  readonly seen: readonly SeenRoute[]
  readonly served: ServedDescriptor
  /** Reads and checks the descriptor as at the start. Throws AtlassianError. */
  readonly read: () => Promise<Descriptor>
}

/** An editor writes a file in several steps; in between it may be half or missing. */
const QUIET_MS = 60

/**
 * Serves what the file of the descriptor holds, without a restart, while the app is developed. One that is wrong, or
 * that this start cannot serve, is logged, and the one before it stays.
 */
export const watchDescriptorPlugin = fp<WatchDescriptorOptions>(
  async (app, { core, seen, served, read }) => {
    const { descriptor: source } = core.options
    if (typeof source !== 'string' && !(source instanceof URL)) return
    const file = resolve(source instanceof URL ? fileURLToPath(source) : source)
    let watcher: FSWatcher | undefined
    let timer: NodeJS.Timeout | undefined
    let reading = Promise.resolve()

    async function take(): Promise<void> {
      try {
        const next = await read()
        if (serializeDescriptor(next) === serializeDescriptor(served.current)) return
        const fields = changedFixedParts(core.descriptor, next)
        if (fields.length > 0) {
          app.log.warn({ fields }, 'the descriptor has changed where the app takes it only at its start: restart it')
          return
        }
        checkRoutes(app, core, next, seen)
        served.current = next
        app.log.info('the descriptor has changed and is served anew')
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        app.log.error({ reason }, 'the changed descriptor is not served, the one before it stays')
      }
    }

    app.addHook('onReady', async () => {
      // The folder: an editor that replaces the file would leave a watcher of the file with the old one.
      watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
        if (name !== null && name !== basename(file)) return
        clearTimeout(timer)
        timer = setTimeout(() => {
          reading = reading.then(take)
        }, QUIET_MS)
      })
      watcher.on('error', (error) => app.log.warn({ reason: error.message }, 'the descriptor is not watched any more'))
    })
    app.addHook('onClose', async () => {
      watcher?.close()
      clearTimeout(timer)
      await reading
    })
  },
  { name: 'fastify-atlassian/watch-descriptor', fastify: '5.x', dependencies: ['fastify-atlassian/check-routes'] }
)
