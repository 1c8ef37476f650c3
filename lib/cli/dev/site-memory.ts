import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isObject } from '../../descriptor/json-value.ts'

/** A site of the simulated host, and who it was in the last run. */
export interface KnownSite {
  readonly name: string
  readonly product: 'jira' | 'confluence'
  readonly identity?: Identity
}

const members = ['clientKey', 'cloudId', 'sharedSecret', 'oauthClientId'] as const
type Identity = Readonly<Record<(typeof members)[number], string>>

const sites = [
  { name: 'acme-jira', product: 'jira' },
  { name: 'acme-wiki', product: 'confluence' }
] as const

/** The sites of the last run in this folder: an app that keeps its data finds its tenants again. */
export function knownSites(cwd: string): KnownSite[] {
  const kept = read(fileOf(cwd))
  return sites.map((site) => {
    const identity = kept[site.name]
    return isIdentity(identity) ? { ...site, identity } : site
  })
}

/** Writes who the sites are now, where tools keep what they can do without. Nothing is kept without `node_modules`. */
export function keepSites(cwd: string, now: readonly (Identity & { readonly name: string })[]): void {
  if (!existsSync(join(cwd, 'node_modules'))) return
  const file = fileOf(cwd)
  const kept = now.map((site) => [site.name, Object.fromEntries(members.map((member) => [member, site[member]]))])
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 })
  } catch {
    // The next run has new sites then.
  }
}

function fileOf(cwd: string): string {
  return join(cwd, 'node_modules/.cache/fastify-atlassian/dev-sites.json')
}

function read(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function isIdentity(value: unknown): value is Identity {
  return isObject(value) && members.every((member) => typeof value[member] === 'string' && value[member] !== '')
}
