import { isLoopbackHost, productionHosts } from '../allowed-hosts.ts'
import { productionApiHosts, productionJwksUrl } from '../forge/forge-options.ts'
import { productionAuthorizationServer } from '../host/authorization-server.ts'
import { productionKeyHosts } from '../jwt/install-keys.ts'
import { isObject } from './ace-file.ts'
import type { Kind } from './check-value.ts'
import type { Draft } from './draft.ts'
import { DEVELOPMENT } from './variables.ts'

const url: Kind = { type: 'url' }
const urls: Kind = { type: 'list', of: 'url' }
const texts: Kind = { type: 'list', of: 'text' }

/** Options that the command `dev` may set, and addresses beside those of this machine that each may have. */
const known: Readonly<Record<string, { readonly kind: Kind; readonly real?: readonly string[] | 'https' }>> = {
  // The address of a tunnel: only hosts speak to it.
  baseUrl: { kind: url, real: 'https' },
  allowedBaseUrls: { kind: urls, real: 'https' },
  allowedHosts: { kind: { type: 'list', of: 'host' }, real: productionHosts },
  installKeyHosts: { kind: urls, real: productionKeyHosts },
  authorizationServer: { kind: url, real: [productionAuthorizationServer] },
  personalDataServer: { kind: url, real: ['https://api.atlassian.com'] },
  hostScriptUrl: { kind: url, real: ['https://connect-cdn.atl-paas.net/all.js'] },
  watchDescriptor: { kind: { type: 'boolean' } },
  product: { kind: { type: 'choice', values: ['bitbucket'] } },
  'forge.appId': { kind: { type: 'forge-app' } },
  'forge.environments': { kind: texts },
  'forge.jwksUrl': { kind: { type: 'url', query: true }, real: [productionJwksUrl] },
  'forge.apiHosts': { kind: urls, real: productionApiHosts }
}

const ADDRESSES = new Set(Object.keys(known).filter((option) => known[option]?.real !== undefined))

/** What `dev` tells the app: options that come before everything else. A wrong text or address becomes a problem. */
export function readDevelopment(draft: Draft, text: string | undefined): void {
  if (!text) return
  const options = parse(text)
  if (options === null) {
    draft.problem(DEVELOPMENT, 'it must be JSON with a member "options"; only "dev" sets it')
    return
  }
  for (const [name, value] of members(options)) {
    const from = `${DEVELOPMENT}: ${name}`
    const entry = Object.hasOwn(known, name) ? known[name] : undefined
    if (entry === undefined) draft.problem(from, 'it is no option that "dev" may set')
    else if (!isHarmless(name, value)) draft.problem(from, 'it must be an address of this machine, or one of Atlassian')
    else draft.read(name, entry.kind, value, from)
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && isObject(value.options) ? value.options : null
  } catch {
    return null
  }
}

/** Members of `forge` as `forge.member`. */
function members(options: Record<string, unknown>): [name: string, value: unknown][] {
  return Object.entries(options).flatMap(([name, value]): [string, unknown][] =>
    name === 'forge' && isObject(value)
      ? Object.entries(value).map(([inner, part]): [string, unknown] => [`forge.${inner}`, part])
      : [[name, value]]
  )
}

/** Whoever names these addresses chooses who is believed: a simulated host lives on this machine. */
function isHarmless(option: string, value: unknown): boolean {
  if (!ADDRESSES.has(option)) return true
  const real = known[option]?.real ?? []
  // A text may be a list with commas, as it will be read: each of its parts has to be harmless.
  const addresses: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
  return addresses.every((address) => {
    if (typeof address !== 'string') return false
    if (isOnThisMachine(address)) return true
    return real === 'https' ? address.startsWith('https://') : isReal(address, real)
  })
}

/** One of the list, or a host that a wildcard of the list stands for. */
function isReal(address: string, real: readonly string[]): boolean {
  const host = address.replace(/^https:\/\//, '')
  return real.some(
    (entry) =>
      entry === address ||
      (entry.startsWith('*.') && /^[a-z0-9-]+$/.test(host.slice(0, -entry.length + 1)) && host.endsWith(entry.slice(1)))
  )
}

function isOnThisMachine(address: string): boolean {
  const written = address.includes('://') ? address : `https://${address}`
  return URL.canParse(written) && isLoopbackHost(new URL(written).hostname)
}
