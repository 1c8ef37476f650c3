import type { Descriptor } from '../descriptor/descriptor.ts'
import type { ManifestOptions, ManifestProduct, ManifestRoute } from './manifest.ts'

/** The choices behind a manifest, defaults filled in. */
export interface ManifestPlan {
  readonly descriptor: Descriptor
  readonly routes: readonly ManifestRoute[]
  readonly options: ManifestOptions
  readonly products: readonly ManifestProduct[]
  readonly remoteKey: string
  readonly scopes: readonly string[]
  readonly systemToken: boolean
  readonly userToken: boolean
}
