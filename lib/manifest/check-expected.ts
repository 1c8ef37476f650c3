import { createManifest, type ManifestInput } from './create-manifest.ts'
import type { Findings } from './findings.ts'
import { type ManifestView, readManifest, routePathOf } from './read-manifest.ts'

/** What a manifest made from the descriptor would have and this one lacks. What moved to Forge is not missed. */
export function checkExpected(view: ManifestView, input: ManifestInput, findings: Findings): void {
  const expected = readManifest(createManifest(input).manifest)
  const paths = new Set(view.endpoints.map(routePathOf))
  for (const endpoint of expected.endpoints) {
    const path = routePathOf(endpoint)
    if (path !== null && !paths.has(path)) {
      findings.warn('path-missing', 'modules.endpoint', `No endpoint leads to ${path}, which the app serves for Forge.`)
    }
  }
  const keys = new Set([...view.modules, ...view.connectModules].map(({ key }) => key))
  for (const { key, type } of expected.connectModules) {
    if (!keys.has(key)) {
      findings.warn(
        'module-missing',
        'connectModules',
        `The module "${key}" of the descriptor (${type}) is neither here nor moved under the same key.`
      )
    }
  }
}
