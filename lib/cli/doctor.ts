import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { ConnectOptions } from '../options.ts'
import { type Colours, coloursFor } from './colours.ts'
import { databaseOptions } from './database.ts'
import { checkAddress } from './doctor/check-address.ts'
import { checkClock } from './doctor/check-clock.ts'
import { checkDatabase } from './doctor/check-database.ts'
import { checkProxy } from './doctor/check-proxy.ts'
import { checkRoutes } from './doctor/check-routes.ts'
import { checkDescriptorFile, checkNode, checkOptions } from './doctor/check-setting.ts'
import { parseListen } from './doctor/echo-server.ts'
import { type Finding, finding, reasonOf } from './doctor/finding.ts'
import { doctorUsage } from './doctor-usage.ts'
import { readKeys } from './keys.ts'
import { address, type CliWorld, exitCodes, printable, UsageError, withoutPasswords, withoutTokens } from './world.ts'

const USUAL_FILE = 'atlassian-connect.json'

/** `doctor`. Each finding is told as soon as it is there. */
export async function doctor(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...databaseOptions,
      'base-url': { type: 'string' },
      descriptor: { type: 'string' },
      'app-key': { type: 'string' },
      environment: { type: 'string' },
      database: { type: 'string' },
      'key-file': { type: 'string', multiple: true },
      host: { type: 'string' },
      listen: { type: 'string' },
      timeout: { type: 'string' },
      offline: { type: 'boolean' }
    }
  })
  if (values.help) {
    world.out(doctorUsage)
    return exitCodes.done
  }
  const request = readRequest(values, world)
  const findings: Finding[] = []
  const paint = coloursFor(world)
  for await (const found of examine(request, world)) {
    const clean = { ...found, message: printable(withoutTokens(withoutPasswords(found.message))) }
    findings.push(clean)
    if (!values.json) world.out(line(clean, paint))
  }
  const count = (verdict: Finding['verdict']) => findings.filter((found) => found.verdict === verdict).length
  const [failed, warnings] = [count('failed'), count('warning')]
  if (values.json) world.out(`${JSON.stringify({ failed, warnings, findings })}\n`)
  else
    world.out(
      `\n${failed} failed, ${warnings} to look at, ${count('ok')} in order, ${count('skipped')} not looked at\n`
    )
  return failed > 0 ? exitCodes.failed : warnings > 0 ? exitCodes.partly : exitCodes.done
}

interface Request {
  readonly options: Partial<ConnectOptions>
  /** Why the app's own configuration could not be read. */
  readonly unreadable: string | null
  readonly environment: string
  readonly host: string
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly timeoutMs: number
  readonly offline: boolean
}

type Values = Readonly<
  Partial<
    Record<
      | 'base-url'
      | 'descriptor'
      | 'app-key'
      | 'environment'
      | 'database'
      | 'host'
      | 'listen'
      | 'timeout'
      | 'table-prefix'
      | 'schema',
      string
    >
  >
> & {
  readonly 'key-file'?: string[]
  readonly offline?: boolean
}

function readRequest(values: Values, world: CliWorld): Request {
  const listen = values.listen === undefined ? null : parseListen(values.listen)
  if (values.listen !== undefined && listen === null) throw new UsageError('--listen has the form PORT or HOST:PORT')
  const seconds = values.timeout === undefined ? 10 : Number(values.timeout)
  if (!(seconds > 0 && seconds <= 600)) throw new UsageError('--timeout is a number of seconds, at most 600')
  const host = values.host ?? 'https://api.atlassian.com'
  for (const [option, url] of [
    ['host', host],
    ['base-url', values['base-url'] ?? host]
  ] as const) {
    if (!/^https?:/i.test(url) || !URL.canParse(url)) throw new UsageError(`--${option} is an http(s) address`)
  }
  let found: Partial<ConnectOptions> = {}
  let unreadable: string | null = null
  try {
    found = world.appOptions?.() ?? {}
  } catch (error) {
    unreadable = reasonOf(error)
  }
  const descriptor = values.descriptor ?? found.descriptor ?? (existsSync(USUAL_FILE) ? USUAL_FILE : undefined)
  const encryption = readKeys(values['key-file'])
  const prefix = values['table-prefix']
  const options: Partial<ConnectOptions> = {
    ...found,
    ...(values['base-url'] === undefined ? {} : { baseUrl: values['base-url'] }),
    ...(descriptor === undefined ? {} : { descriptor }),
    ...(values['app-key'] === undefined ? {} : { appKey: values['app-key'] }),
    ...(values.environment === undefined ? {} : { environment: values.environment }),
    ...(values.database === undefined ? {} : { store: address(values.database, 'database', world) }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(prefix === undefined && values.schema === undefined
      ? {}
      : {
          database: {
            ...found.database,
            ...(prefix === undefined ? {} : { tablePrefix: prefix }),
            ...(values.schema === undefined ? {} : { schema: values.schema })
          }
        })
  }
  const environment = options.environment ?? world.env.NODE_ENV ?? 'development'
  return { options, unreadable, environment, host, listen, timeoutMs: seconds * 1000, offline: values.offline ?? false }
}

async function* examine(request: Request, world: CliWorld): AsyncGenerator<Finding> {
  const { options, environment, timeoutMs, offline } = request
  const { clock = Date.now, fetch = globalThis.fetch } = world
  if (world.nodeVersion !== undefined) yield checkNode(world.nodeVersion)
  if (request.unreadable === null) yield checkOptions(options, environment)
  else yield finding('options', 'failed', request.unreadable)
  const baseUrl = options.baseUrl?.replace(/\/+$/, '')
  const { found, descriptor } = await checkDescriptorFile(options.descriptor, {
    environment,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(options.appKey === undefined ? {} : { appKey: options.appKey })
  })
  yield found

  if (typeof options.store === 'string') {
    const { tablePrefix, schema } = options.database ?? {}
    yield* checkDatabase({
      url: options.store,
      open: { ...(tablePrefix === undefined ? {} : { tablePrefix }), ...(schema === undefined ? {} : { schema }) },
      encryption: options.encryption,
      appKey: options.appKey ?? descriptor?.key ?? null,
      production: environment === 'production'
    })
  } else yield finding('database', 'skipped', 'No database was named: --database, or the variables of the app.')

  if (offline) return
  yield await checkClock(request.host, fetch, clock, timeoutMs)
  if (baseUrl === undefined) {
    yield finding('address', 'skipped', 'The address of the app is not known: --base-url, or the variables of the app.')
    return
  }
  if (request.listen !== null) {
    yield finding(
      'address',
      'skipped',
      'The doctor stands in the place of the app (--listen): run it again without, while the app runs.'
    )
    yield await checkProxy(baseUrl, request.listen, timeoutMs)
    return
  }
  const reached = await checkAddress(baseUrl, descriptor, fetch, timeoutMs)
  yield reached.found
  const wanted = reached.served ?? null
  if (wanted !== null) yield await checkRoutes(wanted, baseUrl, fetch, timeoutMs)
  else yield finding('routes', 'skipped', 'The app has to be reached first.')
  yield finding(
    'proxy',
    'skipped',
    'Stop the app and use --listen PORT with its port, to see what proxies change on the way.'
  )
}

function line({ check, verdict, message }: Finding, paint: Colours): string {
  const marks = { ok: paint.good, warning: paint.careful, failed: paint.bad, skipped: paint.faint }
  return `${marks[verdict](verdict.padEnd(7))}  ${check.padEnd(10)}  ${message}\n`
}
