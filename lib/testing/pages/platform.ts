import type { ForgeInstallation } from '../forge/types.ts'
import type { HostSimulator, SimulatedSite } from '../types.ts'

/** Where the app of a site stands between Connect and Forge. */
export type Platform = 'none' | 'connect' | 'connect-on-forge' | 'forge'

export function platformOf(host: HostSimulator, site: SimulatedSite): Platform {
  const installation = installationOn(host, site)
  if (installation === undefined) return site.installed ? 'connect' : 'none'
  return installation.stage
}

/** The living installation of the Forge app that people on this site see. */
export function installationOn(host: HostSimulator, site: SimulatedSite): ForgeInstallation | undefined {
  return host.forge.installations.find(
    ({ alive, environment, sites }) => alive && environment.type === 'PRODUCTION' && sites.includes(site)
  )
}

/** The Forge modules of this site's product, as the page knows those of Connect. */
export function forgeModulesOf(host: HostSimulator, { product }: SimulatedSite): Record<string, unknown>[] {
  const own = host.forge.modules.filter(
    ({ type }) => (type === 'macro' ? 'confluence' : type.split(':')[0]) === product
  )
  return own.map(({ key, type, title, url }) => ({
    key,
    type,
    name: title,
    url: url ?? '',
    frontEnd: url,
    forge: true,
    cacheable: false,
    method: 'GET',
    location: null,
    weight: 100,
    parameters: [],
    options: {}
  }))
}

/** Whether the site has met the app over Connect. */
export function hasDescriptor(host: HostSimulator, site: SimulatedSite): boolean {
  try {
    host.descriptor({ site: site.name })
    return true
  } catch {
    return false
  }
}
