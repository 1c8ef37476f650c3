import type { Descriptor } from '../descriptor/descriptor.ts'
import { isObject } from '../descriptor/json-value.ts'
import { checkApp } from './check-app.ts'
import { checkEndpoints } from './check-endpoints.ts'
import { checkExpected } from './check-expected.ts'
import { checkRemotes } from './check-remotes.ts'
import { checkRoutes } from './check-routes.ts'
import { checkScopes } from './check-scopes.ts'
import { checkTriggers } from './check-triggers.ts'
import { Findings } from './findings.ts'
import type { ManifestFinding, ManifestOptions, ManifestRoute } from './manifest.ts'
import { readManifest } from './read-manifest.ts'

/** What a manifest is compared with. Each part is optional and adds its checks. */
export interface ManifestCheckInput {
  /** The descriptor that the manifest continues. */
  readonly descriptor?: Descriptor
  /** `app.atlassian.routes()`. */
  readonly routes?: readonly ManifestRoute[]
  /** The path of the app's base URL as its routes have it. Default: none. */
  readonly mountPath?: string
  /** As for `createManifest`: what it would write is expected here. */
  readonly forge?: ManifestOptions
}

/**
 * What is wrong with the content of a `manifest.yml`: by rules of our own, from what is documented about remotes
 * (forge.md 5). "forge lint" knows more about modules of front ends; this knows the app. Never throws.
 */
export function checkManifest(manifest: unknown, input: ManifestCheckInput = {}): ManifestFinding[] {
  const findings = new Findings()
  if (!isObject(manifest)) {
    findings.error('manifest-form', '', 'A manifest is an object with an "app" in it.')
    return findings.toArray()
  }
  const view = readManifest(manifest)
  checkApp(view, input.descriptor, findings)
  checkRemotes(view, findings)
  checkEndpoints(view, findings)
  checkTriggers(view, findings)
  checkScopes(view, findings)
  if (input.routes !== undefined) checkRoutes(view, input.routes, input.mountPath ?? '', findings)
  if (input.descriptor !== undefined) checkExpected(view, { ...input, descriptor: input.descriptor }, findings)
  return findings.toArray()
}
