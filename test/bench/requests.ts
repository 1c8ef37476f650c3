import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl, SymmetricAlgorithm } from 'atlassian-jwt'
import { type CaseName, site } from './cases.ts'

/** As long as a real one: what Jira adds to the address of an issue panel. */
function pagePath(index: number): string {
  const query = new URLSearchParams({
    issueKey: `BENCH-${index}`,
    projectKey: 'BENCH',
    xdm_e: site.baseUrl,
    xdm_c: 'channel-bench-app__issue-panel',
    cp: '',
    xdm_deprecated_addon_key_do_not_use: site.appKey,
    lic: 'active',
    cv: '1001.0.0-SNAPSHOT'
  })
  return `/panel?${query.toString().replaceAll('+', '%20')}`
}

function sign(path: string, index: number, context: boolean): string {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = {
    iss: site.clientKey,
    sub: `712020:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    qsh: context ? 'context-qsh' : createQueryStringHash(fromMethodAndUrl('GET', path)),
    context: {
      jira: { issue: { key: `BENCH-${index}`, id: String(10_000 + index) }, project: { key: 'BENCH', id: '10000' } }
    }
  }
  return encodeSymmetric(claims, site.sharedSecret, SymmetricAlgorithm.HS256)
}

function request(method: string, path: string, token: string): string {
  const lines = ['Host: 127.0.0.1', `Authorization: JWT ${token}`, 'Accept: application/json', 'Connection: keep-alive']
  return [`${method} ${path} HTTP/1.1`, ...lines, ...(method === 'POST' ? ['Content-Length: 0'] : []), '', ''].join(
    '\r\n'
  )
}

/**
 * The same addresses and headers for every case; the token is what differs: signed for its page, or one that repeats,
 * as the front end of one open page sends it.
 */
export async function requestsOf(name: CaseName, count: number, port: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => pagePath(index))
  if (name !== 'context' && name !== 'session')
    return paths.map((path, index) => request('GET', path, sign(path, index, false)))
  const contextToken = sign('', 1, true)
  const token = name === 'context' ? contextToken : await sessionToken(contextToken, port)
  return paths.map((path) => request('GET', path, token))
}

async function sessionToken(contextToken: string, port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/atlassian/session`, {
    method: 'POST',
    headers: { authorization: `JWT ${contextToken}` }
  })
  const body: { token?: string } = JSON.parse(await response.text())
  if (!response.ok || body.token === undefined) throw new Error(`no session token: ${response.status}`)
  return body.token
}
