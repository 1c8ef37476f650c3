import { randomBytes, randomUUID } from 'node:crypto'
import type { AppConnection } from './deliver.ts'
import type { AppDescriptor } from './descriptor-reader.ts'
import type { SiteIdentity, SiteOptions, SiteProduct } from './simulator-options.ts'
import { seedJira, seedWiki } from './site-seeds.ts'
import type { JiraState, WikiState } from './site-state.ts'
import type { SimulatedLicense } from './types.ts'

/** The app as one site knows it. */
export interface SiteApp {
  readonly connection: AppConnection
  /** Below this address the app serves its descriptor. */
  readonly base: string
  readonly descriptor: AppDescriptor
}

interface Mutable {
  readonly name: string
  origin: string
  baseUrl: string
  clientKey: string
  readonly cloudId: string
  sharedSecret: string
  /** Secrets of each `installed` that is on its way: the app may use them before its answer reaches the host. */
  readonly pendingSecrets: Set<string>
  readonly oauthClientId: string
  installed: boolean
  enabled: boolean
  app: SiteApp | null
  /** What is said about the app's license; undefined: as the descriptor says. */
  license: SimulatedLicense | null | undefined
  /** By key. */
  readonly dynamicModules: Map<string, { readonly type: string; readonly module: object }>
  /** Of the Forge app that carries the Connect modules; Connect's `installed` tells it. */
  installationId: string | null
  /** What the reserved app property tells a Forge app; null before its Connect days are known. */
  reservedClientKey: string | { readonly clientKey: string } | null
}

export type JiraSite = Mutable & { readonly product: 'jira'; readonly state: JiraState }
export type WikiSite = Mutable & { readonly product: 'confluence'; readonly state: WikiState }
/** A site from the inside; `SimulatedSite` is what users see of it. */
export type Site = JiraSite | WikiSite

/** The sites, and by whose side some of them stand. Throws for one that names no Jira before it. */
export function createSites(
  wanted: readonly SiteOptions[],
  nowMs: number
): { readonly sites: readonly Site[]; readonly neighbours: ReadonlyMap<Site, Site> } {
  const sites: Site[] = []
  const neighbours = new Map<Site, Site>()
  for (const { name, product, beside, identity } of wanted) {
    const neighbour = beside === undefined ? undefined : sites.find((site) => site.name === beside)
    if (beside !== undefined && (neighbour?.product !== 'jira' || product !== 'confluence')) {
      throw new Error(`The simulated site "${name}" can only be a Confluence beside a Jira that stands before it.`)
    }
    const site = createSite(name, product, nowMs, { ...identity, ...(neighbour && { cloudId: neighbour.cloudId }) })
    sites.push(site)
    if (neighbour !== undefined) neighbours.set(site, neighbour)
  }
  return { sites, neighbours }
}

function createSite(name: string, product: SiteProduct, nowMs: number, known: Partial<SiteIdentity>): Site {
  const site: Mutable = {
    name,
    origin: '',
    baseUrl: '',
    clientKey: known.clientKey ?? newClientKey(),
    cloudId: known.cloudId ?? randomUUID(),
    sharedSecret: known.sharedSecret ?? newSharedSecret(),
    pendingSecrets: new Set(),
    oauthClientId: known.oauthClientId ?? randomBytes(24).toString('base64url'),
    installed: false,
    enabled: false,
    app: null,
    license: undefined,
    dynamicModules: new Map(),
    installationId: null,
    reservedClientKey: null
  }
  return product === 'jira'
    ? Object.assign(site, { product, state: seedJira(nowMs) })
    : Object.assign(site, { product, state: seedWiki(nowMs) })
}

export function newClientKey(): string {
  return randomUUID()
}

export function newSharedSecret(): string {
  return randomBytes(48).toString('base64url')
}

/** `/wiki` for Confluence, empty for Jira: what the hash of a REST call does not cover. */
export function contextPath(site: { readonly product: SiteProduct }): string {
  return site.product === 'confluence' ? '/wiki' : ''
}

/** What the site says about the app's license; null: nothing. */
export function licenseOf(site: Site): Required<SimulatedLicense> | null {
  const paid = site.app?.descriptor.raw.enableLicensing === true
  const license = site.license === undefined ? (paid ? { active: true, type: 'DEVELOPER' } : null) : site.license
  return license === null ? null : { type: 'COMMERCIAL', evaluation: false, ...license }
}
