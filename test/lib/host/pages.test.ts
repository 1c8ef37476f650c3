import t from 'tap'
import { failureOf, makeCalls } from './make-calls.ts'

/** A host that answers by the query of the address. */
const host = (answer: (url: URL) => unknown) => makeCalls(({ url }) => Response.json(answer(new URL(url))))

async function all<T>(work: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of work) found.push(one)
  return found
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

t.test('startAt goes on until the total, isLast, or a page that is not full', async (t) => {
  const size = 3
  const shapes: Record<string, (at: number) => object> = {
    total: (startAt) => ({
      startAt,
      maxResults: size,
      total: 7,
      issues: numbers(startAt, Math.min(size, 7 - startAt))
    }),
    isLast: (startAt) => ({
      startAt,
      maxResults: size,
      isLast: startAt >= 6,
      values: numbers(startAt, Math.min(size, 7 - startAt))
    }),
    short: (startAt) => ({ startAt, maxResults: size, values: numbers(startAt, Math.min(size, 7 - startAt)) })
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const { client, sent } = host((url) => shape(Number(url.searchParams.get('startAt') ?? 0)))
    t.same(await all(client.items('/list', { query: { jql: 'a = b', maxResults: size } })), numbers(0, 7), name)
    t.equal(sent.length, 3)
    t.match(sent[2]?.url, /jql=a\+%3D\+b&maxResults=3&startAt=6/)
  }
})

t.test('a page from which the host filtered something is not the last', async (t) => {
  const { client } = host((url) => {
    const startAt = Number(url.searchParams.get('startAt') ?? 0)
    return { startAt, maxResults: 3, isLast: startAt >= 6, values: numbers(startAt, startAt === 3 ? 1 : 2) }
  })
  t.same(await all(client.items('/list')), [0, 1, 3, 6, 7])
})

t.test('a bare list is read until a page is empty', async (t) => {
  const { client } = host((url) =>
    numbers(Number(url.searchParams.get('startAt') ?? 0), 2).filter((number) => number < 5)
  )
  t.same(await all(client.items('/users', { query: { maxResults: 2 } })), [0, 1, 2, 3, 4])
  t.same(await all(client.items('/users')), [0, 1], 'and is one page if nothing speaks of pages')
})

t.test('a token leads on until there is none', async (t) => {
  const { client, sent } = host((url) => {
    const at = Number(url.searchParams.get('nextPageToken') ?? 0)
    return at < 2 ? { issues: [at], nextPageToken: String(at + 1), isLast: false } : { issues: [at], isLast: true }
  })
  t.same(await all(client.items('/rest/api/3/search/jql', { query: { jql: 'x', fields: ['a', 'b'] } })), [0, 1, 2])
  t.match(sent[1]?.url, /jql=x&fields=a&fields=b&nextPageToken=1$/)
})

t.test('links of Confluence are followed, with and without its context path', async (t) => {
  const links = ['/rest/api/content?start=1', '/wiki/api/v2/pages?cursor=a%2Fb%3D%3D', null]
  const { makeTenant } = await import('../tenant/make-tenant.ts')
  const { client, sent } = makeCalls(
    (_, number) => {
      const next = links[number - 1]
      return Response.json({
        results: [number],
        _links: next === null ? {} : { next, base: 'https://evil.example.com' }
      })
    },
    { tenant: () => makeTenant({ baseUrl: 'https://acme.atlassian.net/wiki' }) }
  )
  t.same(await all(client.items('/rest/api/content', { query: { limit: 1 } })), [1, 2, 3])
  t.same(
    sent.map(({ url }) => url.replace('https://acme.atlassian.net', '')),
    ['/wiki/rest/api/content?limit=1', '/wiki/rest/api/content?start=1', '/wiki/api/v2/pages?cursor=a%2Fb%3D%3D']
  )
})

t.test('a link that leads away from the site is refused, after what was there', async (t) => {
  for (const next of ['https://evil.example.com/x', '//evil.example.com/x', 'http://acme.atlassian.net/x']) {
    const { client, sent } = host(() => ({ results: [1], _links: { next } }))
    const pages = client.items('/a')
    t.same((await pages.next()).value, 1)
    await t.rejects(pages.next(), { code: 'ATL_HOST_ADDRESS' })
    t.equal(sent.length, 1)
  }
})

t.test('there is a bound, and a page that leads to itself ends at once', async (t) => {
  const { client, sent } = host((url) => {
    const at = Number(url.searchParams.get('nextPageToken') ?? 0)
    return { values: [at], nextPageToken: String(at + 1) }
  })
  t.match(await failureOf(all(client.items('/a?secret=1', { maxPages: 3 }))), {
    code: 'ATL_HOST_PAGES',
    statusCode: 502,
    path: '/a'
  })
  t.equal(sent.length, 3)
  for (const body of [
    { values: [1], nextPageToken: 'same' },
    { results: [1], _links: { next: '/b' } }
  ]) {
    const loop = host(() => body)
    t.match(await failureOf(all(loop.client.items('/a'))), { code: 'ATL_HOST_PAGES' })
    t.equal(loop.sent.length, 2)
  }
})

t.test('a page is asked for only when it is needed', async (t) => {
  const { client, sent } = host((url) => ({ values: [1, 2], nextPageToken: `${url.search}x` }))
  for await (const item of client.items('/a')) if (item === 2) break
  t.equal(sent.length, 1)
})

t.test('pages come whole, and the list can be named', async (t) => {
  const { client } = host(() => ({ startAt: 0, maxResults: 9, total: 1, worklogs: ['w'], changelogs: ['c'] }))
  t.match(await all(client.pages<{ total: number }>('/a')), [{ total: 1 }])
  t.same(await all(client.items('/a', { items: 'changelogs' })), ['c'])
  await t.rejects(all(client.items('/a', { items: 'nothing' })), { code: 'ATL_HOST_BODY' })
})

t.test('a page that fails fails the loop', async (t) => {
  const { client } = makeCalls(() => Response.json({ errorMessages: ['No.'] }, { status: 400 }))
  t.match(await failureOf(all(client.items('/a'))), { status: 400, messages: ['No.'] })
})

t.test('a page that holds no list is an error and not the end of the list', async (t) => {
  const odd: [name: string, answer: () => Response][] = [
    ['HTML', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['null', () => Response.json(null)],
    ['empty', () => new Response('')],
    ['another object', () => Response.json({ odd: 1 })]
  ]
  for (const [name, answer] of odd) {
    const { client } = makeCalls(answer)
    await t.rejects(all(client.items('/rest/api/3/search/jql')), { code: 'ATL_HOST_BODY' }, name)
  }
})

t.test('a page from which the host filtered everything is not the last while it says so', async (t) => {
  const { client } = host((url) => {
    const startAt = Number(url.searchParams.get('startAt') ?? 0)
    return { startAt, maxResults: 2, isLast: startAt >= 4, values: startAt === 2 ? [] : numbers(startAt, 2) }
  })
  t.same(await all(client.items('/a')), [0, 1, 4, 5])
})
