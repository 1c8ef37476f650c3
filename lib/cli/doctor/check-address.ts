import type { Descriptor } from '../../descriptor/descriptor.ts'
import { isObject } from '../../descriptor/json-value.ts'
import type { FetchLike } from '../../ports.ts'
import { type Finding, finding, reasonOf } from './finding.ts'

const DESCRIPTOR_PATH = '/atlassian-connect.json'

/** Whether hosts find the app: its descriptor at its public address, equal to the one that was named. */
export async function checkAddress(
  baseUrl: string,
  own: Descriptor | null,
  fetch: FetchLike,
  timeoutMs: number
): Promise<{ readonly found: Finding; readonly served: Descriptor | null }> {
  const url = baseUrl + DESCRIPTOR_PATH
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const text = await response.text()
    return judge(url, baseUrl, own, response, text)
  } catch (error) {
    return { found: finding('address', 'failed', `${url} cannot be reached: ${reasonOf(error)}.`), served: null }
  }
}

function judge(url: string, baseUrl: string, own: Descriptor | null, response: Response, text: string) {
  const failed = (message: string) => ({ found: finding('address', 'failed', message), served: null })
  const { status } = response
  if (status >= 300 && status < 400) {
    return failed(
      `${url} leads elsewhere (${status}): hosts do not follow, so the base URL has to be the last address.`
    )
  }
  if (status === 404 || status === 502 || status === 503) {
    return failed(
      `${url} answers ${status}: ${status === 404 ? 'another server, or a proxy that changes the path' : 'the app does not run behind it'}.`
    )
  }
  if (status !== 200) return failed(`${url} answers ${status}; hosts need 200 without a token.`)
  const served = parse(text)
  if (served === null) {
    const html = /^\s*</.test(text) ? ': a page, perhaps the notice of a tunnel' : ''
    return failed(`${url} does not answer with a descriptor${html}.`)
  }
  const address = String(served.baseUrl).replace(/\/$/, '')
  if (address !== baseUrl) return failed(`The descriptor at ${url} says that the app is at "${address.slice(0, 200)}".`)
  if (own !== null && served.key !== own.key)
    return failed(`The app at ${baseUrl} is "${served.key}", not "${own.key}".`)
  const differs = own !== null && JSON.stringify(served) !== JSON.stringify(own)
  const found = differs
    ? finding(
        'address',
        'warning',
        `${url} is served, and differs from the descriptor that was named (an older start, or code that changes it).`
      )
    : finding('address', 'ok', `${url} is served.`)
  return { found, served }
}

function parse(text: string): Descriptor | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && typeof value.key === 'string' && isObject(value.authentication)
      ? (value as Descriptor & typeof value)
      : null
  } catch {
    return null
  }
}
