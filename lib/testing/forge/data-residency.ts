import { isObject } from '../descriptor-reader.ts'
import type { App, Exchange } from '../types.ts'
import { bodyText, type ForgeWorld, placeOf, type SendForge } from './forge-calls.ts'
import type { ForgeHost, ForgeResidencyHook, ForgeResidencyOptions } from './types.ts'

const ATTEMPTS = 3
const PAUSE_MS = 5000
const HOUR_MS = 3_600_000

/** Calls of a move to another region: an invocation token, and neither user nor API token (forge.md 1.3). */
export function createResidencyCalls(world: ForgeWorld, send: SendForge): ForgeHost['dataResidency'] {
  return async (app: App, hook: ForgeResidencyHook, options: ForgeResidencyOptions = {}): Promise<Exchange> => {
    const { installation, site } = placeOf(world, options)
    const base = options.path ?? world.manifest().dataResidencyPath
    if (base === null) throw new Error('The manifest has no module migration:dataResidency, so give a path.')
    const migrationId = options.migrationId ?? 1
    const isStatus = hook === 'status'
    for (let attempt = 1; ; attempt += 1) {
      const exchange = await send(app, {
        kind: 'data-residency',
        installation,
        site,
        module: { type: 'core:endpoint', key: 'migration:dataResidency' },
        page: null,
        auth: { system: false, user: false },
        method: isStatus ? 'GET' : 'POST',
        path: `${base.replace(/\/+$/, '')}/${hook}${isStatus ? `?migrationId=${migrationId}` : ''}`,
        body: isStatus ? null : bodyText(options.payload ?? bodyOf(hook, migrationId, world.clock())),
        timeoutMs: world.uiTimeoutMs,
        options
      })
      const isGood = exchange.status >= 200 && exchange.status < 300
      if (isGood || attempt >= ATTEMPTS || hasErrorCode(exchange.body)) return exchange
      await world.wait(PAUSE_MS)
    }
  }
}

function bodyOf(hook: ForgeResidencyHook, migrationId: number, nowMs: number): object {
  if (hook !== 'schedule' && hook !== 'start') return { migrationId }
  const startTime = new Date(nowMs).toISOString()
  return { startTime, endTime: new Date(nowMs + HOUR_MS).toISOString(), location: 'EU', migrationId }
}

/** An app that says what is wrong is not asked again. */
function hasErrorCode(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) && typeof value.errorResponseCode === 'string'
  } catch {
    return false
  }
}
