import type { App, PageOptions } from '../types.ts'
import { installationOn } from './platform.ts'
import { PageError } from './respond.ts'
import type { Visit } from './view.ts'

type Body = Readonly<Record<string, unknown>>

/** Moves the site to another stage of the way from Connect to Forge, and says what that meant. */
export async function movePlatform({ host, site }: Visit, to: string): Promise<{ verdict: string }> {
  if (to !== 'connect-on-forge' && to !== 'forge') throw new PageError(400, `there is no way to "${to}"`)
  const { id, appVersion } = await host.forge.upgrade(needApp(host.forge.app), { site: site.name, to })
  return {
    verdict:
      to === 'forge'
        ? `the front end is Forge's now; the backend is called with invocation tokens of ${id}`
        : `version ${appVersion} has a manifest; Connect's "installed" told the app ${id}`
  }
}

/** Takes the app away on whichever platform it is. Null: it was Connect's alone. */
export async function uninstallForge({ host, site }: Visit): Promise<{ exchange: object } | null> {
  const installation = installationOn(host, site)
  if (installation === undefined) return null
  await host.forge.uninstall(needApp(host.forge.app), { installation })
  return { exchange: { status: 204, verdict: `${installation.id} has ended` } }
}

/** `invokeRemote` of a front end: gives what its promise resolves with; a `PageError` is what it rejects with. */
export async function invokeRemote({ host }: Visit, page: PageOptions, moduleKey: string, given: Body) {
  const { outcome, rejection, status, responseHeaders, body } = await host.forge.invokeRemote(
    needApp(host.forge.app),
    pathOf(given),
    { ...page, module: moduleKey, method: methodOf(given), headers: textsOf(given.headers), body: given.body }
  )
  if (outcome === 'rejected') throw new PageError(502, rejection ?? 'the call failed')
  const headers = Object.fromEntries(Object.entries(responseHeaders).map(([name, value]) => [name, [value]]))
  return { status, headers, ...(body === '' ? {} : { body: JSON.parse(body) as unknown }) }
}

/** `requestRemote` of a front end, with the rules of a browser: gives what its `Response` is made of. */
export async function requestRemote({ host }: Visit, page: PageOptions, moduleKey: string, given: Body) {
  const { outcome, rejection, status, responseHeaders, body } = await host.forge.requestRemote(
    needApp(host.forge.app),
    pathOf(given),
    { ...page, module: moduleKey, method: methodOf(given), headers: textsOf(given.headers), body: given.body }
  )
  if (outcome === 'rejected') throw new PageError(502, rejection ?? 'the call failed')
  return { status, headers: responseHeaders, body }
}

function needApp(app: App | null): App {
  if (app === null) throw new PageError(409, 'No app is known yet.')
  return app
}

function pathOf({ path }: Body): string {
  if (typeof path !== 'string' || !path.startsWith('/')) throw new PageError(400, 'the path begins with a slash')
  return path
}

function methodOf({ method }: Body): string {
  return typeof method === 'string' && method !== '' ? method.toUpperCase() : 'GET'
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}
