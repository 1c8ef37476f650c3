import { randomUUID } from 'node:crypto'
import type { Site } from '../site.ts'
import type { ForgeChoice, ForgeEnvironment, ForgeEnvironmentType, ForgeInstallation, ForgeStage } from './types.ts'

/** An installation from the inside; `ForgeInstallation` is what users see of it. */
export interface Installation extends ForgeInstallation {
  stage: ForgeStage
  appVersion: string
  alive: boolean
  readonly sites: readonly [Site, ...Site[]]
}

export interface Installations {
  readonly list: readonly Installation[]
  find(site: Site, environment: ForgeEnvironmentType): Installation | undefined
  /** Throws when it is no installation of this host, or when none lives there. */
  choose(choice: ForgeChoice | undefined): Installation
  /** The living ones that reach the site. */
  on(site: Site): Installation[]
  add(
    sites: readonly [Site, ...Site[]],
    type: ForgeEnvironmentType,
    stage: ForgeStage,
    appVersion: string
  ): Installation
}

export function createInstallations(
  environments: Readonly<Record<ForgeEnvironmentType, ForgeEnvironment>>,
  findSite: (name: string | undefined) => Site
): Installations {
  const list: Installation[] = []
  const on = (site: Site) => list.filter((each) => each.alive && each.sites.includes(site))
  const find = (site: Site, type: ForgeEnvironmentType) => on(site).find(({ environment }) => environment.type === type)
  return {
    list,
    find,
    on,
    choose(choice = {}) {
      const given = choice.installation
      const site = findSite(choice.site)
      const type = choice.environment ?? 'PRODUCTION'
      const found = given === undefined ? find(site, type) : list.find(({ id }) => id === given.id)
      if (found === undefined) {
        throw new Error(`The simulated site "${site.name}" has no Forge app (${type}): call forge.install(app) first.`)
      }
      return found
    },
    add(sites, type, stage, appVersion) {
      const [site] = sites
      if (find(site, type) !== undefined) {
        throw new Error(`The simulated site "${site.name}" has the Forge app (${type}) already.`)
      }
      const id = `ari:cloud:ecosystem::installation/${randomUUID()}`
      const installation = { id, environment: environments[type], stage, sites, appVersion, alive: true }
      list.push(installation)
      return installation
    }
  }
}

/** The UUID at the end of an identifier, as bodies of events have it. */
export function bareId(ari: string): string {
  return ari.slice(ari.lastIndexOf('/') + 1)
}

/** The name of a site in bodies of events and in queries. */
export function siteAri(site: Site): string {
  return `ari:cloud:${site.product}::site/${site.cloudId}`
}
