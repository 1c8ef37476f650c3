import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { appBaseUrl, pathBelow, realTenantOptions, refuseTenantOptions, withRealTenant } from './real-tenant.ts'
import { type ReadyRequest, signWithTenant, type TenantKind, tenantKinds } from './sign-as-host.ts'
import { signUsage } from './sign-usage.ts'
import { defaultHost, isLoopback, meetHost } from './simulated-host.ts'
import { type CliWorld, exitCodes, UsageError } from './world.ts'

const simulatedKinds = ['page', 'webhook', 'context', 'forge'] as const

/** `sign`. */
export async function sign(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...realTenantOptions,
      kind: { type: 'string' },
      method: { type: 'string' },
      user: { type: 'string' },
      site: { type: 'string' },
      app: { type: 'string' },
      host: { type: 'string' },
      body: { type: 'string' },
      curl: { type: 'boolean' },
      send: { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(signUsage)
    return exitCodes.done
  }
  const [path, ...rest] = positionals
  if (path === undefined || rest.length > 0) throw new UsageError('"sign" needs one path, such as "/panel?issue=TEA-1"')
  if (values.curl && values.send) throw new UsageError('--curl prints and --send sends: give one of them')
  const { kind = 'page', tenant } = values
  const method = (values.method ?? (kind === 'webhook' || kind === 'forge' ? 'POST' : 'GET')).toUpperCase()
  if (!/^[A-Z]{1,20}$/.test(method)) throw new UsageError('--method is the name of a method, such as POST')
  const body = values.body === undefined ? null : readBody(values.body)
  const asked = { path: pathBelow(path), method, user: values.user }

  if (tenant === undefined) {
    refuseTenantOptions(values)
    const ready = await signBySimulator({ ...asked, ...values, kind }, world)
    return present(ready, body, values, world)
  }
  for (const option of ['host', 'site', 'app'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} is for simulated sites, not for --tenant`)
  }
  return withRealTenant({ ...values, tenant }, world, async (found, audit) => {
    const known = tenantKinds.find((one) => one === kind)
    if (known === undefined) throw new UsageError(kindFault(kind, tenantKinds, 'a secret'))
    const baseUrl = known === 'rest' ? found.baseUrl : appBaseUrl(values, world)
    const user = values.user === undefined || values.user === 'anonymous' ? null : values.user
    const nowSeconds = Math.floor((world.clock ?? Date.now)() / 1000)
    const about = { command: 'sign', kind: known, method, url: baseUrl + asked.path } as const
    audit({ ...about, step: values.send ? 'sending' : 'signed' })
    const ready = signWithTenant(found, { kind: known, method, path: asked.path, baseUrl, user }, nowSeconds)
    return present(ready, body, values, world, (status) => audit({ ...about, step: 'answered', status }))
  })
}

async function signBySimulator(
  values: {
    path: string
    method: string
    kind: string
    user?: string | undefined
    host?: string
    site?: string
    app?: string
  },
  world: CliWorld
): Promise<ReadyRequest> {
  if (!simulatedKinds.some((one) => one === values.kind)) {
    throw new UsageError(kindFault(values.kind, simulatedKinds, 'a simulated site'))
  }
  const host = await meetHost(values.host ?? defaultHost, world)
  const site =
    values.site === undefined
      ? (host.sites.find(({ installed }) => installed) ?? host.sites[0])
      : host.site(values.site)
  if (site === undefined) throw new UsageError('The host has no site')
  const { path, method, kind, app, user } = values
  const answer = await host.ask(site, 'sign-request', {
    path,
    method,
    kind,
    ...(app === undefined ? {} : { app }),
    ...(user === undefined ? {} : { user: user === 'anonymous' ? null : user })
  })
  const { url, headers } = answer
  if (typeof url !== 'string' || !isLoopback(url)) throw new Error('The simulated host signed for another machine.')
  return { method, url, headers: textsOf(headers) }
}

function kindFault(kind: string, known: readonly (TenantKind | 'forge')[], signer: string): string {
  const forge = kind === 'forge' ? '; for Forge only Atlassian has the key' : ''
  return `--kind with ${signer} is one of ${known.join(', ')}${forge}`
}

async function present(
  { method, url, headers: signed }: ReadyRequest,
  body: string | null,
  values: { readonly curl?: boolean; readonly send?: boolean; readonly json?: boolean },
  world: CliWorld,
  answered: (status: number) => void = () => {}
): Promise<number> {
  const headers = { ...(body !== null && isJson(body) ? { 'content-type': 'application/json' } : {}), ...signed }
  if (values.send) {
    const { fetch = globalThis.fetch } = world
    const response = await fetch(url, { method, headers, redirect: 'manual', ...(body === null ? {} : { body }) })
    answered(response.status)
    const text = await response.text()
    if (values.json) {
      const shown = { status: response.status, headers: Object.fromEntries(response.headers), body: text }
      world.out(`${JSON.stringify(shown)}\n`)
    } else
      world.out(`${response.status} ${response.statusText}\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}`)
    return response.ok ? exitCodes.done : exitCodes.partly
  }
  if (values.json) world.out(`${JSON.stringify({ method, url, headers, ...(body === null ? {} : { body }) })}\n`)
  else if (values.curl) world.out(`${curl(method, url, headers, body)}\n`)
  else {
    const lines = [`${method} ${url}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]
    world.out(`${lines.join('\n')}\n${body === null ? '' : `\n${body}\n`}`)
  }
  return exitCodes.done
}

function curl(method: string, url: string, headers: Readonly<Record<string, string>>, body: string | null): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  return [
    'curl --include',
    ...(method === 'GET' && body === null ? [] : [`--request ${method}`]),
    ...Object.entries(headers).map(([name, value]) => `--header ${quote(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-binary ${quote(body)}`]),
    quote(url)
  ].join(' ')
}

function readBody(given: string): string {
  if (!given.startsWith('@')) return given
  try {
    return readFileSync(given.slice(1), 'utf8')
  } catch (error) {
    throw new UsageError(`The file of --body cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}
