import fc from 'fast-check'
import t from 'tap'
import { endpointOf, writtenIssue } from '../../../lib/host/endpoint.ts'
import { readRateLimit, retryAfterSeconds } from '../../../lib/host/rate-limit.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const read = (headers: Record<string, string>) => readRateLimit(new Headers(headers), NOW)

t.test('both families of headers and both spellings say the same', async (t) => {
  const same = { limit: 100, remaining: 10, resetAtMs: NOW + 600_000, nearLimit: true }
  t.match(
    read({ 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '10', 'X-RateLimit-Reset': '2026-11-21T12:10Z' }),
    same
  )
  t.match(read({ 'RateLimit-Policy': '"p";q=100;w=3600', RateLimit: '"p";r=10;t=600' }), same)
  t.match(read({ 'Beta-RateLimit-Policy': '"p";q=100;w=3600', 'Beta-RateLimit': '"p";r=10;t=600' }), same)
  t.match(read({ 'X-RateLimit-NearLimit': 'true' }), { nearLimit: true, remaining: null })
  t.match(read({ 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '20' }), { nearLimit: false })
  t.match(read({ 'X-RateLimit-Reset': '600' }), { resetAtMs: NOW + 600_000 })
})

t.test('the reason tells the kind of limit, and the headers do where there is no reason', async (t) => {
  const cases: [Record<string, string>, string][] = [
    [{ 'RateLimit-Reason': 'jira-burst-based' }, 'burst'],
    [{ 'RateLimit-Reason': 'jira-per-issue-on-write' }, 'issue'],
    [{ 'RateLimit-Reason': 'jira-quota-global-based' }, 'quota'],
    [{ 'RateLimit-Reason': 'Confluence-Quota' }, 'quota'],
    [{ 'RateLimit-Reason': 'something-new' }, 'unknown'],
    [{}, 'unknown'],
    [{ 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '2026-11-21T12:10Z' }, 'quota'],
    [{ 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '2026-11-21T12:00:05Z' }, 'unknown']
  ]
  for (const [headers, kind] of cases) t.equal(read(headers).kind, kind, JSON.stringify(headers))
})

t.test('Retry-After holds whole seconds or a date of HTTP, the first where it came twice', async (t) => {
  const cases: [string, number | null][] = [
    ['3', 3],
    [' 3 ', 3],
    ['3, 3', 3],
    ['3,60', 3],
    ['99999999999999', 999_999_999],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30],
    ['Sat, 21 Nov 2026 12:00:30 GMT, 5', 30],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['-5', null],
    ['1.5', null],
    ['', null],
    [', 3', null],
    ['3 s', null],
    ['2027', 2027],
    ['2026-11-21', null],
    ['21 Nov 2026', null],
    ['Sat, 21 Nov 2026 12:00:30', null],
    ['Sat, 21 Nov 2026 99:00:30 GMT', null]
  ]
  for (const [text, seconds] of cases) t.equal(retryAfterSeconds(text, NOW), seconds, text)
})

t.test('headers of any shape are read without failing', async (t) => {
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom('-1', '1e9', '"a";r=;t=x', ';;,,', 'NaN', '99999999999999')
  )
  const names = [
    'retry-after',
    'ratelimit',
    'beta-ratelimit-policy',
    'x-ratelimit-reset',
    'x-ratelimit-remaining',
    'ratelimit-reason'
  ]
  fc.assert(
    fc.property(fc.constantFrom(...names), value, (name, text) => {
      const facts = readRateLimit({ get: (asked) => (asked === name ? text : null) }, NOW)
      const numbers = [facts.limit, facts.remaining, facts.resetAtMs, facts.retryAfterSeconds]
      return numbers.every((number) => number === null || (Number.isFinite(number) && number >= 0))
    })
  )
  for (const odd of ['!50', '-5', '1969', '0001-01-01', 'Sat, 01 Jan 1950 00:00:00 GMT']) {
    const { resetAtMs } = readRateLimit({ get: (asked) => (asked === 'x-ratelimit-reset' ? odd : null) }, NOW)
    t.ok(resetAtMs === null || resetAtMs >= 0, odd)
  }
})

t.test('an endpoint is the path without the names in it', async (t) => {
  const cases: Record<string, string> = {
    '/rest/api/3/issue/TEA-1': '/rest/api/3/issue/*',
    '/rest/api/3/issue/10001/comment/5': '/rest/api/3/issue/*/comment/*',
    '/wiki/api/v2/pages/123/children': '/wiki/api/v2/pages/*/children',
    '/rest/agile/1.0/board/7': '/rest/agile/1.0/board/*',
    '/rest/api/latest/myself': '/rest/api/latest/myself',
    '/rest/api/3/user/557058:1f2e': '/rest/api/3/user/*'
  }
  for (const [path, endpoint] of Object.entries(cases)) t.equal(endpointOf('GET', path), `GET ${endpoint}`)
  t.equal(writtenIssue('PUT', '/rest/api/3/issue/TEA-1/assignee'), 'TEA-1')
  t.equal(writtenIssue('GET', '/rest/api/3/issue/TEA-1'), null)
  t.equal(writtenIssue('POST', '/rest/api/3/issue'), null)
})
