import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ForgeOptions } from 'fastify-atlassian'
import type { ForgeManifest } from 'fastify-atlassian/testing'
import { parse } from 'yaml'

interface ExampleManifest extends ForgeManifest {
  readonly app: { readonly id: string }
}

/** What is deployed to Forge. */
export const manifest: ExampleManifest = parse(readFileSync(join(import.meta.dirname, 'manifest.yml'), 'utf8'))

/** What Forge calls by itself, at the paths of the manifest. Who may call is up to whoever starts the app. */
export const forgeRoutes = {
  keepAlivePath: '/forge/heartbeat',
  events: { scheduled: '/forge/scheduled' }
} satisfies Partial<ForgeOptions>
