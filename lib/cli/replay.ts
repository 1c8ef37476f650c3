import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isObject } from '../descriptor/json-value.ts'
import { parseRecordings, type Recording, RecordingError } from '../recording/recording.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { Audit } from './audit.ts'
import { coloursFor } from './colours.ts'
import { appBaseUrl, realTenantOptions, refuseTenantOptions, withRealTenant } from './real-tenant.ts'
import { replayUsage } from './replay-usage.ts'
import { signWithTenant } from './sign-as-host.ts'
import { defaultHost, type HostSite, meetHost, type SimulatedHost } from './simulated-host.ts'
import { type CliWorld, exitCodes, printable, UsageError } from './world.ts'

/** One delivery and its answer; status 0: none came. */
interface Delivered {
  readonly event: string
  readonly path: string
  readonly status: number
  readonly detail: string
}

type Deliver = (recording: Recording) => Promise<Pick<Delivered, 'status' | 'detail'>>

/** `replay`. */
export async function replay(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...realTenantOptions,
      only: { type: 'string', multiple: true },
      site: { type: 'string' },
      app: { type: 'string' },
      host: { type: 'string' },
      endpoint: { type: 'string' },
      'same-identifier': { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(replayUsage)
    return exitCodes.done
  }
  const [file, ...rest] = positionals
  if (file === undefined || rest.length > 0) throw new UsageError('"replay" needs one file of recordings, or -')
  const recordings = choose(await readRecordings(file, world), values.only)
  const same = values['same-identifier'] ?? false
  const { tenant } = values

  if (tenant === undefined) {
    refuseTenantOptions(values)
    const host = await meetHost(values.host ?? defaultHost, world)
    const given = { site: values.site, app: values.app, endpoint: values.endpoint, same }
    return deliverAll(recordings, (recording) => bySimulator(host, recording, given), values.json, world)
  }
  for (const option of ['host', 'site', 'app', 'endpoint'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} is for simulated sites, not for --tenant`)
  }
  if (recordings.some(({ kind }) => kind === 'forge-event')) {
    throw new UsageError('Events of Forge can be delivered by a simulated site only: Atlassian alone has the key')
  }
  const baseUrl = appBaseUrl(values, world)
  return withRealTenant({ ...values, tenant }, world, (found, audit) =>
    deliverAll(recordings, (recording) => byTenant(found, audit, baseUrl, recording, same, world), values.json, world)
  )
}

async function readRecordings(file: string, world: CliWorld): Promise<Recording[]> {
  let text: string
  try {
    text = file === '-' ? ((await world.stdin?.()) ?? '') : readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`"${file}" cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
  try {
    return parseRecordings(text)
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}

function choose(recordings: readonly Recording[], only: readonly string[] | undefined): readonly Recording[] {
  if (only === undefined) return recordings
  const chosen = recordings.filter(({ event }) => only.includes(event))
  if (chosen.length > 0) return chosen
  const known = [...new Set(recordings.map(({ event }) => event))].join(', ')
  throw new UsageError(`The file has none of these events. It has: ${known}`)
}

async function deliverAll(
  recordings: readonly Recording[],
  deliver: Deliver,
  json: boolean | undefined,
  world: CliWorld
): Promise<number> {
  const paint = coloursFor(world)
  const delivered: Delivered[] = []
  for (const recording of recordings) {
    if (world.signal?.aborted) break
    const { event, path } = recording
    const result = { event, path: path.replace(/\?.*$/s, ''), ...(await deliver(recording)) }
    delivered.push(result)
    const good = isSuccess(result)
    if (json) world.err(`${delivered.length} of ${recordings.length}\n`)
    else {
      const mark = good ? paint.good : paint.bad
      const status = result.status === 0 ? 'lost' : String(result.status)
      world.out(
        `${mark(status.padEnd(4))}  ${printable(`${event}  ${result.path}${good ? '' : `  ${result.detail}`}`)}\n`
      )
    }
  }
  const accepted = delivered.filter(isSuccess).length
  if (json) world.out(`${JSON.stringify({ recordings: recordings.length, accepted, deliveries: delivered })}\n`)
  else world.out(`${accepted} of ${recordings.length} were taken\n`)
  return accepted === recordings.length ? exitCodes.done : exitCodes.partly
}

function isSuccess({ status }: Pick<Delivered, 'status'>): boolean {
  return status >= 200 && status < 300
}

async function bySimulator(
  host: SimulatedHost,
  { kind, event, path, headers, body }: Recording,
  given: Readonly<Record<'site' | 'app' | 'endpoint', string | undefined>> & { readonly same: boolean }
): Promise<Pick<Delivered, 'status' | 'detail'>> {
  const site = given.site === undefined ? siteFor(host, event) : host.site(given.site)
  const { exchange } = await host.ask(site, 'deliver', {
    kind,
    path,
    headers,
    body,
    sameIdentifier: given.same,
    ...(given.app === undefined ? {} : { app: given.app }),
    ...(given.endpoint === undefined ? {} : { endpoint: given.endpoint })
  })
  if (!isObject(exchange) || typeof exchange.status !== 'number') throw new Error('The simulated host gave no answer.')
  return { status: exchange.status, detail: String(exchange.verdict) }
}

/** By the product in the event's name, and where the app is. */
function siteFor({ sites, site }: SimulatedHost, event: string): HostSite {
  const product = /^(?:avi:)?confluence\b/.test(event) ? 'confluence' : /^(?:avi:)?jira\b/.test(event) ? 'jira' : null
  const fitting = product === null ? sites : sites.filter((one) => one.product === product)
  return fitting.find(({ installed }) => installed) ?? fitting[0] ?? site(product ?? '')
}

async function byTenant(
  tenant: ConnectTenant,
  audit: Audit,
  baseUrl: string,
  { event, path, headers, body }: Recording,
  same: boolean,
  world: CliWorld
): Promise<Pick<Delivered, 'status' | 'detail'>> {
  const { clock = Date.now, fetch = globalThis.fetch } = world
  const about = { command: 'replay', kind: 'webhook', method: 'POST', event, url: baseUrl + path } as const
  audit({ ...about, step: 'sending' })
  const wanted = { kind: 'webhook', method: 'POST', path, baseUrl, user: null } as const
  const ready = signWithTenant(tenant, wanted, Math.floor(clock() / 1000))
  try {
    const response = await fetch(ready.url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...sentHeaders(headers, same),
        ...ready.headers
      },
      ...(body === null ? {} : { body: JSON.stringify(body) })
    })
    await response.body?.cancel()
    audit({ ...about, step: 'answered', status: response.status })
    return { status: response.status, detail: `the app answered ${response.status}` }
  } catch (error) {
    audit({ ...about, step: 'lost' })
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { status: 0, detail: cause instanceof Error ? cause.message : 'nothing came back' }
  }
}

/** What carries the delivery itself is made anew, and so is its identifier, unless the same is wanted. */
function sentHeaders(headers: Recording['headers'], same: boolean): Record<string, string> {
  const own = /^(?:host|connection|content-length|transfer-encoding|authorization|cookie)$/
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)))
  if (same || sent['x-atlassian-webhook-identifier'] === undefined) return sent
  const { 'x-atlassian-webhook-retry': _retry, ...others } = sent
  return { ...others, 'x-atlassian-webhook-identifier': randomUUID() }
}
