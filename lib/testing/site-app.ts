import type { AppCaller } from './app-caller.ts'
import type { AppConnection } from './deliver.ts'
import { isObject, readDescriptor } from './descriptor-reader.ts'
import type { Site, SiteApp } from './site.ts'
import type { App } from './types.ts'

const DESCRIPTOR_PATH = '/atlassian-connect.json'

export function needApp(site: Site): SiteApp {
  if (site.app === null) {
    throw new Error(`No app is known on the simulated site "${site.name}" yet: call install(app) first.`)
  }
  return site.app
}

/** The address below which an app serves its descriptor, before the descriptor is known. */
export async function descriptorBase(app: App, connection: AppConnection): Promise<string> {
  if (typeof app === 'string') return connection.address ?? app
  await app.ready?.()
  const decorated = 'atlassian' in app && isObject(app.atlassian) ? app.atlassian.descriptor : undefined
  const baseUrl = isObject(decorated) ? decorated.baseUrl : undefined
  return typeof baseUrl === 'string' && URL.canParse(baseUrl) ? baseUrl.replace(/\/+$/, '') : 'http://localhost'
}

/** Reads the descriptor below `base`. Throws when the app does not serve a readable one. */
export async function readSiteApp(
  call: AppCaller,
  site: Site,
  connection: AppConnection,
  base: string
): Promise<SiteApp> {
  const exchange = await call(site, {
    kind: 'descriptor',
    method: 'GET',
    url: { absolute: base + DESCRIPTOR_PATH, signed: DESCRIPTOR_PATH },
    headers: { accept: 'application/json' },
    connection
  })
  if (exchange.status !== 200) {
    throw new Error(`The descriptor of the app could not be read at ${base}${DESCRIPTOR_PATH}: ${exchange.verdict}`)
  }
  return { connection, base, descriptor: readDescriptor(exchange.body) }
}
