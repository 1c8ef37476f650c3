import { isLoopbackHost } from '../allowed-hosts.ts'
import { isObject } from '../descriptor/json-value.ts'
import { type CliWorld, UsageError } from './world.ts'

/** Where `dev` and the example app start their host. */
export const defaultHost = 'http://127.0.0.1:3001'

export interface HostSite {
  readonly name: string
  readonly product: string
  readonly origin: string
  readonly installed: boolean
}

/** The simulated host of a running `dev`, from outside. */
export interface SimulatedHost {
  readonly sites: readonly HostSite[]
  /** By name or product. Throws UsageError. */
  site(nameOrProduct: string): HostSite
  /** Asks for something at one site. Throws with the host's own sentence. */
  ask(site: HostSite, name: string, body: object): Promise<Readonly<Record<string, unknown>>>
}

/** Meets the simulated host at an address of this machine. Throws if there is none. */
export async function meetHost(url: string, world: CliWorld): Promise<SimulatedHost> {
  if (!URL.canParse(url) || !isLoopback(url)) {
    throw new UsageError('--host is the address of a simulated host on this machine, such as http://127.0.0.1:3001')
  }
  const { fetch = globalThis.fetch } = world
  const sites = await readSites(url.replace(/\/+$/, ''), fetch)
  return {
    sites,
    site(nameOrProduct) {
      const found =
        sites.find(({ name }) => name === nameOrProduct) ?? sites.find(({ product }) => product === nameOrProduct)
      if (found === undefined) {
        throw new UsageError(
          `The host has no site "${nameOrProduct}". It has: ${sites.map(({ name }) => name).join(', ')}`
        )
      }
      return found
    },
    async ask({ origin }, name, body) {
      const response = await fetch(`${origin}/sim/api/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-simulator-control': '1' },
        body: JSON.stringify(body)
      })
      const answer: unknown = await response.json().catch(() => null)
      if (response.ok && isObject(answer)) return answer
      const said = isObject(answer) && typeof answer.message === 'string' ? answer.message : `status ${response.status}`
      throw new Error(`The simulated host refused: ${said}`)
    }
  }
}

/** Whether an address leads to this machine and nowhere else. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname)
}

async function readSites(url: string, fetch: NonNullable<CliWorld['fetch']>): Promise<HostSite[]> {
  const missing = `No simulated host answers at ${url}: start one with "fastify-atlassian dev", or name it with --host.`
  let view: unknown
  try {
    // The address of the host leads to its first site, the address of a site to its first page.
    const { status, headers } = await fetch(`${url}/`, { redirect: 'manual' })
    const first = new URL(headers.get('location') ?? '', url).origin
    if (status < 300 || status >= 400 || !isLoopback(first)) throw new Error(missing)
    view = await (await fetch(`${first}/sim/api/view?path=/`)).json()
  } catch {
    throw new Error(missing)
  }
  const listed = isObject(view) && Array.isArray(view.sites) ? view.sites : []
  const sites = listed.flatMap((site: unknown): HostSite[] => {
    if (!isObject(site)) return []
    const { name, product, origin, installed } = site
    const right = typeof name === 'string' && typeof product === 'string' && typeof origin === 'string'
    return right && isLoopback(origin) ? [{ name, product, origin, installed: installed === true }] : []
  })
  if (sites.length === 0) throw new Error(missing)
  return sites
}
