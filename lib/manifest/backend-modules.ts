import { defaultPaths, type ManifestRoute, type ManifestValue } from './manifest.ts'
import type { ManifestPlan } from './manifest-plan.ts'
import { keyMaker } from './stable-key.ts'

/** The endpoint behind the modules of Forge front ends; its key is named in their `resolver`. */
export const UI_ENDPOINT = 'backend'

type Modules = Record<string, ManifestValue[]>

/** Endpoints for everything that Forge sends to the backend, and the modules that send it (forge.md 1.1, 3.2). */
export function backendModules(
  plan: ManifestPlan,
  takenKeys: Iterable<string>
): Readonly<Record<string, ManifestValue>> {
  const { options, remoteKey, systemToken, userToken, routes } = plan
  const modules: Modules = {}
  const endpoints: ManifestValue[] = []
  const keyOf = keyMaker(takenKeys)
  const byPath = new Map<string, string>()

  /** Triggers never carry a user, so a user token on their endpoints is an error (forge.md 1.4). */
  function endpointFor(path: string, name: string): string {
    const known = byPath.get(path)
    if (known !== undefined) return known
    const key = keyOf(name)
    byPath.set(path, key)
    endpoints.push({ key, remote: remoteKey, route: { path }, ...authOf({ systemToken }) })
    return key
  }
  function add(type: string, name: string, path: string, members: Readonly<Record<string, ManifestValue>> = {}): void {
    modules[type] ??= []
    modules[type].push({ key: keyOf(name), endpoint: endpointFor(path, `${name}-endpoint`), ...members })
  }

  if (routes.some(acceptsForge)) {
    endpoints.push({ key: keyOf(UI_ENDPOINT), remote: remoteKey, ...authOf({ systemToken, userToken }) })
  }
  const { installed, upgraded, preUninstall, keepAlive } = { ...defaultPaths, ...options.paths }
  if (installed !== false) add('trigger', 'installed', installed, { events: ['avi:forge:installed:app'] })
  if (upgraded !== false) add('trigger', 'upgraded', upgraded, { events: ['avi:forge:upgraded:app'] })
  for (const { events, path } of options.triggers ?? []) add('trigger', `trigger${path}`, path, { events })
  // Without a token to renew an hourly call would only cost.
  if (keepAlive !== false && systemToken) {
    add('scheduledTrigger', 'keep-alive', keepAlive, { interval: 'hour' })
  }
  for (const { interval, path } of options.schedules ?? []) {
    add('scheduledTrigger', `${interval}${path}`, path, { interval })
  }
  if (preUninstall !== false) add('preUninstall', 'pre-uninstall', preUninstall)
  return endpoints.length === 0 ? modules : { endpoint: endpoints, ...modules }
}

export function acceptsForge({ policy }: ManifestRoute): boolean {
  return [policy].flat().includes('forge')
}

function authOf(wanted: { systemToken: boolean; userToken?: boolean }): Readonly<Record<string, ManifestValue>> {
  const auth = {
    ...(wanted.systemToken ? { appSystemToken: { enabled: true } } : {}),
    ...(wanted.userToken === true ? { appUserToken: { enabled: true } } : {})
  }
  return Object.keys(auth).length === 0 ? {} : { auth }
}
