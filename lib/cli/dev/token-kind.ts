/**
 * What kind of token a request brings, as far as its own words go: for the eye of the developer, nothing is verified.
 * Null without a token.
 */
export function tokenKindOf(
  authorization: string | undefined,
  url: string,
  appKey: string | null,
  isPost: boolean
): string | null {
  const token = /^(?:JWT|Bearer) (\S+)$/i.exec(authorization ?? '')?.[1] ?? jwtOf(url)
  if (token === null) return null
  const [header, claims] = token.split('.').map(partOf)
  if (header === undefined || claims === undefined) return 'unreadable'
  if (/^bearer/i.test(authorization ?? '')) return 'invocation'
  if (typeof header.kid === 'string') return 'install'
  if (claims.qsh === 'context-qsh') return 'context'
  if (claims.iss === appKey) return 'session'
  return isPost && jwtOf(url) === null ? 'webhook' : 'page'
}

function jwtOf(url: string): string | null {
  return new URLSearchParams(url.split('?', 2)[1] ?? '').get('jwt')
}

function partOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Path and query without the token. */
export function withoutJwt(url: string): string {
  const start = url.indexOf('?')
  if (start < 0) return url
  const kept = url
    .slice(start + 1)
    .split('&')
    .filter((pair) => pair !== 'jwt' && !pair.startsWith('jwt='))
  return kept.length === 0 ? url.slice(0, start) : `${url.slice(0, start)}?${kept.join('&')}`
}
