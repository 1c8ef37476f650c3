import { OptionError } from './errors.ts'
import { dataResidencyHooks } from './forge/events/data-residency.ts'
import {
  defaultEventPaths,
  type ForgeEventMode,
  type ForgeEventRoute,
  type ForgeEventsOptions,
  type ResolvedEventRoute,
  type ResolvedForgeEvents
} from './forge/events/event-options.ts'
import type { ForgeEventKind } from './forge/events/forge-event.ts'
import * as check from './option-checks.ts'

const KINDS = ['installed', 'upgraded', 'preUninstall', 'product', 'scheduled'] as const satisfies ForgeEventKind[]
const MODES = ['inbox', 'await'] as const

/** Checks the option `forge.events`; `null` without it. Throws OptionError. */
export function resolveForgeEvents(given: ForgeEventsOptions | undefined): ResolvedForgeEvents | null {
  if (given === undefined) return null
  check.object(given, 'forge.events')
  check.noUnknown(given, 'forge.events.', [...KINDS, 'dataResidency', 'mode', 'enqueue', 'preUninstallMs'])
  const mode = check.oneOf(given.mode, 'forge.events.mode', MODES, 'inbox')
  const routes = KINDS.flatMap((kind) => parseRoute(kind, given[kind], mode))
  refuseSharedPaths(routes)
  return Object.freeze({
    routes: Object.freeze(routes),
    dataResidency: parseDataResidency(given.dataResidency, 'forge.events.dataResidency'),
    enqueue: check.fn(given.enqueue, 'forge.events.enqueue'),
    preUninstallMs: check.number(given.preUninstallMs, 'forge.events.preUninstallMs', 55_000, {
      min: 0,
      max: 3_600_000
    })
  })
}

function parseRoute(
  kind: ForgeEventKind,
  given: string | false | ForgeEventRoute | undefined,
  mode: ForgeEventMode
): ResolvedEventRoute[] {
  const option = `forge.events.${kind}`
  if (given === false) return []
  const route: ForgeEventRoute = typeof given === 'string' ? { path: given } : check.object(given ?? {}, option)
  check.noUnknown(route, `${option}.`, ['path', 'endpoints', 'mode'])
  const endpoints = route.endpoints === undefined ? null : check.list(route.endpoints, `${option}.endpoints`, [])
  if (endpoints?.length === 0) throw new OptionError(`${option}.endpoints`, [], 'it must name at least one endpoint')
  return [
    Object.freeze({
      kind,
      path: parsePath(route.path ?? defaultEventPaths[kind], typeof given === 'string' ? option : `${option}.path`),
      endpoints: endpoints === null ? null : new Set(endpoints),
      mode: check.oneOf(route.mode, `${option}.mode`, MODES, mode)
    })
  ]
}

/** Only these say in their bodies what they are. */
function refuseSharedPaths(routes: readonly ResolvedEventRoute[]): void {
  for (const { kind, path } of routes) {
    if (kind !== 'preUninstall' && kind !== 'scheduled') continue
    if (routes.some((other) => other.kind !== kind && other.path === path)) {
      throw new OptionError(`forge.events.${kind}`, path, 'it needs a path of its own: nothing else tells what it is')
    }
  }
}

/** Checks the handlers of moves; `null` without them. Throws OptionError. */
export function parseDataResidency(
  given: ForgeEventsOptions['dataResidency'],
  option: string
): ResolvedForgeEvents['dataResidency'] {
  if (given === undefined) return null
  check.object(given, option)
  check.noUnknown(given, `${option}.`, ['path', ...dataResidencyHooks])
  for (const hook of dataResidencyHooks) {
    if (given[hook] === undefined) throw new OptionError(`${option}.${hook}`, undefined, 'a move needs all five hooks')
    check.fn(given[hook], `${option}.${hook}`)
  }
  return Object.freeze({ ...given, path: parsePath(given.path ?? defaultEventPaths.dataResidency, `${option}.path`) })
}

function parsePath(value: unknown, option: string): string {
  if (typeof value === 'string' && /^(?:\/[A-Za-z0-9._~-]+)+$/.test(value)) return value
  throw new OptionError(option, value, 'it must be a path such as "/forge/events"')
}
