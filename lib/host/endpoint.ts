/**
 * Method and path as the host counts them: parts that name one thing stand as a star, so that
 * `/rest/api/3/issue/TEA-1` and `/rest/api/3/issue/TEA-2` are one endpoint.
 */
export function endpointOf(method: string, path: string): string {
  return `${method} ${path.replace(SEGMENT, (part, at: number) => (namesOne(part, path.slice(0, at)) ? '/*' : part))}`
}

/** The issue that a write goes to, for the limit of writes to one issue; `null` if it goes to none. */
export function writtenIssue(method: string, path: string): string | null {
  if (method === 'GET' || method === 'HEAD') return null
  return /\/issue\/([^/]{1,100})/.exec(path)?.[1] ?? null
}

const SEGMENT = /\/[^/]+/g

// Versions of an API (`/api/3`, `/v2`, `/1.0`) belong to the endpoint; other parts with a digit or a mark are names.
function namesOne(segment: string, before: string): boolean {
  if (!/[\d%:@]/.test(segment) || /^\/(?:v\d+|\d+\.\d+)$/.test(segment)) return false
  return !(/^\/\d$/.test(segment) && before.endsWith('/api'))
}
