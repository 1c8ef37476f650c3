/**
 * Method and path as the host counts them: parts that name one thing stand as a star, so that
 * `/rest/api/3/issue/TEA-1` and `/rest/api/3/issue/TEA-2` are one endpoint.
 */
export function endpointOf(method: string, path: string): string {
  return `${method} ${path.replace(SEGMENT, (segment) => (namesOne(segment) ? '/*' : segment))}`
}

/** The issue that a write goes to, for the limit of writes to one issue; `null` if it goes to none. */
export function writtenIssue(method: string, path: string): string | null {
  if (method === 'GET' || method === 'HEAD') return null
  return /\/issue\/([^/]{1,100})/.exec(path)?.[1] ?? null
}

const SEGMENT = /\/[^/]+/g

// Versions of an API (`/3/`, `/v2/`, `/1.0/`) belong to the endpoint; every other part with a digit or a mark is a name.
function namesOne(segment: string): boolean {
  return /[\d%:@]/.test(segment) && !/^\/(?:v?\d|\d\.\d|latest)$/.test(segment)
}
