import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'

/** A process may not live as long as the time between two reports; what is not due is not reported twice. */
const FIRST_MS = 60_000

/** Reports personal data every so often, if the option `personalData.everyMinutes` says so. */
export const personalDataPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const everyMs = core.options.personalData.everyMinutes * 60_000
    if (everyMs === 0) return
    let timer: NodeJS.Timeout | undefined
    let running: Promise<void> = Promise.resolve()
    const stop = new AbortController()

    async function report(): Promise<void> {
      try {
        const { reported, erased, refreshed, failed } = await core.personalData.report({ signal: stop.signal })
        app.log.info({ reported, erased, refreshed, failed }, 'personal data reported')
      } catch (error) {
        app.log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'personal data not reported')
      }
      schedule(everyMs)
    }

    function schedule(afterMs: number): void {
      if (stop.signal.aborted) return
      timer = setTimeout(() => {
        running = report()
      }, afterMs)
      timer.unref()
    }

    app.addHook('onReady', async () => schedule(Math.min(everyMs, FIRST_MS)))
    app.addHook('preClose', async () => {
      stop.abort()
      clearTimeout(timer)
      await running
    })
  },
  { name: 'fastify-atlassian/personal-data', fastify: '5.x', dependencies: ['fastify-atlassian/tenants'] }
)
