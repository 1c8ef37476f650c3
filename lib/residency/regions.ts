import type { Descriptor } from '../descriptor/descriptor.ts'
import type { OwnRecords } from '../tenant/own-records.ts'

/** Where the data of a tenant has to be, as far as the platform said. */
export interface TenantRegion {
  /** Such as `EU`; `Global` for a site that has no region. */
  readonly region: string
  /** The address under which the host knows the app there; `null` where only a move told the region. */
  readonly baseUrl: string | null
  /** `install`: the audience of the install token. `move`: a move that was committed. */
  readonly source: 'install' | 'move'
  readonly sinceMs: number
}

/** What is remembered: the region, and a move that is under way. */
export interface RegionRecord {
  readonly region: TenantRegion | null
  /** When the region was last told. */
  readonly toldAtMs: number
  readonly move: { readonly migrationId: string; readonly location: string } | null
}

export interface Regions {
  /** `null`: the platform never said. Throws `ATL_STORE_PART` for a store without settings. */
  of(tenantId: string): Promise<TenantRegion | null>
  /** A verified install came for this address. */
  installed(tenantId: string, audience: string, atMs: number): Promise<void>
  /** A move was planned or begun for this region. */
  planned(tenantId: string, migrationId: string, location: string): Promise<void>
  committed(tenantId: string, migrationId: string, atMs: number): Promise<void>
  rolledBack(tenantId: string, migrationId: string): Promise<void>
}

const NOTHING: RegionRecord = { region: null, toldAtMs: 0, move: null }

/** Keeps what the platform said about the regions of tenants. */
export function createRegions(records: OwnRecords<RegionRecord>, descriptor: Descriptor): Regions {
  const regional = regionalBaseUrls(descriptor)

  return {
    of: async (tenantId) => (await records.read(tenantId))?.region ?? null,

    async installed(tenantId, audience, atMs) {
      // An app with one address for all learns nothing from it.
      if (regional.size === 0) return
      const baseUrl = withoutSlash(audience)
      const region = [...regional].find(([, url]) => url === baseUrl)?.[0] ?? 'Global'
      await records.change(tenantId, (before) => {
        const record = before ?? NOTHING
        if (atMs <= record.toldAtMs) return record
        const isSame = record.region?.region === region && record.region.baseUrl === baseUrl
        const sinceMs = isSame ? (record.region?.sinceMs ?? atMs) : atMs
        return { ...record, toldAtMs: atMs, region: { region, baseUrl, source: 'install', sinceMs } }
      })
    },

    async planned(tenantId, migrationId, location) {
      await records.change(tenantId, (before) => ({ ...(before ?? NOTHING), move: { migrationId, location } }))
    },

    async committed(tenantId, migrationId, atMs) {
      await records.change(tenantId, (before) => {
        const record = before ?? NOTHING
        if (record.move?.migrationId !== migrationId) return record
        const region = record.move.location
        const baseUrl = regional.get(region) ?? null
        return { toldAtMs: atMs, move: null, region: { region, baseUrl, source: 'move', sinceMs: atMs } }
      })
    },

    async rolledBack(tenantId, migrationId) {
      await records.change(tenantId, (before) => {
        const record = before ?? NOTHING
        return record.move?.migrationId === migrationId ? { ...record, move: null } : record
      })
    }
  }
}

/** Regions to addresses without a trailing slash. */
export function regionalBaseUrls({ regionBaseUrls }: Descriptor): ReadonlyMap<string, string> {
  const entries = typeof regionBaseUrls === 'object' && regionBaseUrls !== null ? Object.entries(regionBaseUrls) : []
  return new Map(
    entries.flatMap(([region, url]): [string, string][] =>
      typeof url === 'string' ? [[region, withoutSlash(url)]] : []
    )
  )
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}
