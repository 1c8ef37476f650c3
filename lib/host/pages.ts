import { HostError } from './host-error.ts'
import type { Query } from './host-url.ts'

/** How a list is read. */
export interface PageOptions {
  readonly query?: Query
  /** Reading more pages throws `ATL_HOST_PAGES`. Default 1000. */
  readonly maxPages?: number
  readonly headers?: Readonly<Record<string, string>>
  /** For each page. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** How the members of a list are read. */
export interface ItemOptions extends PageOptions {
  /** The member that holds the list. Default: `values`, `issues`, `results` or `records`, whichever is there. */
  readonly items?: string
}

type Get = (path: string, options: PageOptions) => Promise<unknown>

/** Where the next page is: other members of the query, or an address of its own. */
type Next = { readonly query: Query } | { readonly path: string } | null

const MAX_PAGES = 1000
const LISTS = ['values', 'issues', 'results', 'records', 'items', 'comments', 'worklogs'] as const

/**
 * All pages of a list, one after the other: by `_links.next`, by `next`, by `nextPageToken`, or by `startAt`, whichever the
 * answers speak of. Each page is asked for when it is needed. Throws `ATL_HOST_PAGES` beyond `maxPages` and when a
 * page points at itself, and `ATL_HOST_ADDRESS` when one points outside of the site.
 */
export async function* readPages(get: Get, path: string, options: PageOptions = {}): AsyncGenerator<unknown> {
  const { maxPages = MAX_PAGES, query: first = {}, ...rest } = options
  let at: { path: string; query: Query } = { path, query: first }
  for (let page = 1; ; page++) {
    const body = await get(at.path, { ...rest, query: at.query })
    yield body
    const next = nextOf(body, at.query)
    if (next === null) return
    const following =
      'path' in next ? { path: next.path, query: {} } : { path: at.path, query: { ...at.query, ...next.query } }
    if (page >= maxPages) throw tooMany(path)
    if (following.path === at.path && JSON.stringify(following.query) === JSON.stringify(at.query)) throw tooMany(path)
    at = following
  }
}

/** The members of all pages, one after the other. Throws `ATL_HOST_BODY` for a page that holds no list. */
export async function* readItems(get: Get, path: string, options: ItemOptions = {}): AsyncGenerator<unknown> {
  const { items, ...rest } = options
  for await (const body of readPages(get, path, rest)) {
    const list = listOf(body, items)
    // A page without a list is no end of the list: whoever compares would take the rest for deleted.
    if (list === undefined) throw noList(path)
    yield* list
  }
}

function listOf(body: unknown, name?: string): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body
  for (const member of name === undefined ? LISTS : [name]) {
    const list: unknown = Reflect.get(Object(body), member)
    if (Array.isArray(list)) return list
  }
  return undefined
}

function nextOf(body: unknown, query: Query): Next {
  if (Array.isArray(body)) return nextOfArray(body, query)
  const page = Object(body) as Readonly<Record<string, unknown>>
  const link: unknown = Reflect.get(Object(page._links), 'next')
  if (typeof link === 'string' && link !== '') return { path: link }
  // Bitbucket's lists name the whole address.
  if (typeof page.next === 'string' && page.next !== '' && Array.isArray(page.values)) return { path: page.next }
  if (page.isLast === true) return null
  if (typeof page.nextPageToken === 'string' && page.nextPageToken !== '') {
    return { query: { nextPageToken: page.nextPageToken } }
  }
  return typeof page.startAt === 'number' ? nextOfOffset(page, page.startAt) : null
}

/** A bare list does not say how long it is, so it is read until a page is empty. */
function nextOfArray(list: readonly unknown[], query: Query): Next {
  if (list.length === 0 || !('startAt' in query || 'maxResults' in query)) return null
  const startAt = Number(query.startAt ?? 0)
  const step = Number(query.maxResults ?? list.length)
  return step > 0 ? { query: { startAt: startAt + step } } : null
}

/** The host filters after it has counted, so a page may hold less than its `maxResults` and not be the last. */
function nextOfOffset(page: Readonly<Record<string, unknown>>, startAt: number): Next {
  const length = listOf(page)?.length ?? 0
  const size = typeof page.maxResults === 'number' && page.maxResults > 0 ? page.maxResults : length
  const nextAt = startAt + Math.max(size, length)
  if (nextAt === startAt) return null
  if (typeof page.total === 'number') return nextAt < page.total ? { query: { startAt: nextAt } } : null
  // The host may have filtered out a whole page; that the list is not over is its own word.
  return page.isLast === false || (length >= size && length > 0) ? { query: { startAt: nextAt } } : null
}

function tooMany(path: string): HostError {
  return new HostError('ATL_HOST_PAGES', factsOf(path))
}

function noList(path: string): HostError {
  return new HostError('ATL_HOST_BODY', factsOf(path))
}

function factsOf(path: string) {
  return { method: 'GET', path: path.replace(/[?#].*$/s, ''), status: 0, retryAfterSeconds: null, messages: [] }
}
