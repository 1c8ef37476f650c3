import { randomBytes } from 'node:crypto'
import { matchesQueryStringHash, queryStringHash } from '../../jwt/qsh.ts'
import { parseSignedUrl } from '../../jwt/signed-url.ts'
import { parseEcho, startEcho } from './echo-server.ts'
import { type Finding, finding, reasonOf } from './finding.ts'
import { type Probe, probes } from './probes.ts'
import { rawRequest } from './raw-request.ts'

interface Way {
  readonly baseUrl: string
  readonly mark: string
  readonly credentials: string
  readonly timeoutMs: number
}

/** What became of one probe. */
type Fate = { readonly kind: 'same' | 'harmless' } | { readonly kind: 'broken' | 'unreached'; readonly words: string }

/**
 * Stands in the place of the app, sends requests to itself through the public address, and compares what arrives with
 * what was sent. A change that leaves the hash right is no fault.
 */
export async function checkProxy(
  baseUrl: string,
  listen: { readonly host: string; readonly port: number },
  timeoutMs: number
): Promise<Finding> {
  const way: Way = {
    baseUrl,
    mark: `doctor-${randomBytes(16).toString('hex')}`,
    credentials: `JWT ${randomBytes(16).toString('hex')}`,
    timeoutMs
  }
  let server: Awaited<ReturnType<typeof startEcho>>
  try {
    server = await startEcho(listen, way.mark, way.credentials)
  } catch (error) {
    return finding(
      'proxy',
      'failed',
      `Port ${listen.port} cannot be listened on (${reasonOf(error)}): stop the app first, its place is needed.`
    )
  }
  try {
    return await sendAll(way)
  } finally {
    await server.close()
  }
}

async function sendAll(way: Way): Promise<Finding> {
  const broken: string[] = []
  const lost: string[] = []
  let harmless = 0
  for (const [index, probe] of probes.entries()) {
    const fate = await send(probe, way)
    // If even the plain address does not arrive, nothing will.
    if (fate.kind === 'unreached' && index === 0) {
      return finding('proxy', 'failed', `Nothing that is sent to ${way.baseUrl} arrives at --listen: ${fate.words}.`)
    }
    if (fate.kind === 'broken') broken.push(`${probe.name} (${fate.words})`)
    if (fate.kind === 'unreached') lost.push(`${probe.name} (${fate.words})`)
    if (fate.kind === 'harmless') harmless++
  }
  const known = `${probes.length} kinds of request were sent through ${way.baseUrl}`
  if (broken.length > 0) {
    const also = lost.length === 0 ? '' : ` Refused on the way: ${lost.join('; ')}.`
    return finding(
      'proxy',
      'failed',
      `${known}. Changed on the way, so that the hash is wrong: ${broken.join('; ')}.${also}`
    )
  }
  if (lost.length > 0) return finding('proxy', 'warning', `${known}. Refused on the way: ${lost.join('; ')}.`)
  const note = harmless === 0 ? 'nothing was changed' : `${harmless} were changed in ways that leave the hash right`
  return finding('proxy', 'ok', `${known}: ${note}.`)
}

async function send({ method, target }: Probe, { baseUrl, mark, credentials, timeoutMs }: Way): Promise<Fate> {
  const { origin, pathname } = new URL(baseUrl)
  const basePath = pathname.replace(/\/$/, '')
  const below = `/${mark}${target}`
  try {
    const headers = { authorization: credentials, ...(method === 'POST' ? { 'content-length': '0' } : {}) }
    const { status, body } = await rawRequest(origin, basePath + below, { method, headers, timeoutMs })
    const echo = parseEcho(body)
    if (status !== 200 || echo === null) return { kind: 'unreached', words: `answered ${status} by something else` }
    if (echo.method !== method) return { kind: 'broken', words: `${method} arrived as ${echo.method}` }
    if (echo.authorization !== 'same') return { kind: 'broken', words: authorizationWords[echo.authorization] }
    if (echo.target === basePath + below || echo.target === below) return { kind: 'same' }
    const signed = queryStringHash(method, below)
    const fits = matchesQueryStringHash(signed, {
      method,
      url: parseSignedUrl(echo.target),
      basePaths: basePath === '' ? [] : [basePath]
    })
    return fits && tokenOf(echo.target) === tokenOf(target)
      ? { kind: 'harmless' }
      : { kind: 'broken', words: `sent ${short(target)}, arrived ${short(echo.target.replace(`/${mark}`, ''))}` }
  } catch (error) {
    return { kind: 'unreached', words: reasonOf(error) }
  }
}

const authorizationWords = {
  none: 'the Authorization header did not arrive',
  other: 'another Authorization header arrived',
  several: 'several Authorization headers arrived'
} as const

function tokenOf(target: string): string {
  return /[?&]jwt=([^&]*)/.exec(target)?.[1] ?? ''
}

function short(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text
}
