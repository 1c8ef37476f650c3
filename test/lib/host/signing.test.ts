import { createHash } from 'node:crypto'
import { createCanonicalRequest, decodeSymmetric, fromMethodAndUrl, SymmetricAlgorithm } from 'atlassian-jwt'
import fc from 'fast-check'
import { decodeProtectedHeader } from 'jose'
import t from 'tap'
import { AtlassianError } from '../../../lib/errors.ts'
import { createHostCalls } from '../../../lib/host/host-calls.ts'
import { signHostRequest } from '../../../lib/jwt/sign-host-request.ts'
import { systemTimer } from '../../../lib/ports.ts'
import { makeTenant, SECRET } from '../tenant/make-tenant.ts'
import { makeCalls, noUserTokens } from './make-calls.ts'

const JIRA = 'https://acme.atlassian.net'
const WIKI = 'https://acme.atlassian.net/wiki'
const NOW_MS = 1_790_000_000_000

/** A client that keeps what it sends. */
function recorder(baseUrl: string) {
  const sent: { url: string; method: string; authorization: string | null }[] = []
  const calls = createHostCalls({
    userAgent: 'test',
    limits: { timeoutMs: 1000, maxAttempts: 1, maxTotalMs: 1000, concurrency: 20, maxWaiting: 10 },
    clock: () => NOW_MS,
    timer: systemTimer,
    sign: (tenant, method, url) => `JWT ${signHostRequest(tenant, method, url, NOW_MS / 1000)}`,
    userTokens: noUserTokens,
    onLimit() {},
    async fetch(url, init = {}) {
      const authorization = new Headers(init.headers).get('authorization')
      sent.push({ url, method: init.method ?? '', authorization })
      return new Response(null, { status: 204 })
    }
  })
  return { client: calls.client(() => makeTenant({ baseUrl })), sent }
}

/** Entries of a canonical query; where a name has to be encoded, its place depends on what was sorted. */
function entriesOf(canonical: string): string {
  const [method, path, ...entries] = canonical.split('&')
  const sorted = entries.map((entry) => {
    const at = entry.indexOf('=')
    return `${entry.slice(0, at)}=${entry
      .slice(at + 1)
      .split(',')
      .sort()
      .join(',')}`
  })
  return [method, path, ...sorted.sort()].join('&')
}

const word = fc.string({
  unit: fc.constantFrom(...Array.from('ab09-._~!*()&+,;:@ äß日🍵=\'%/?#[]"\\<>^`{|}')),
  minLength: 1,
  maxLength: 6
})
const name = fc.oneof(word, fc.constantFrom('expand', 'ids[]', 'f[a]', 'x.y', 'X', 'x', 'jql', 'sum=', '-flag'))
const query = fc.dictionary(
  name.filter((text) => text !== '__proto__' && text !== 'jwt'),
  fc.oneof(word, fc.integer(), fc.boolean(), fc.array(word, { maxLength: 3 })),
  { maxKeys: 4 }
)
const path = fc.array(
  fc.oneof(
    word.map((text) => encodeURIComponent(text)),
    fc.constantFrom("o'neill", 'a(b)', 'x;y=1', 'a&b', 'a,b', '..', '.', '~', '%C3%BC')
  ),
  { maxLength: 4 }
)
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'get', 'delete')

t.test('whatever is called is signed so that the reference finds the same hash in what was sent', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(JIRA, WIKI),
      method,
      path,
      query,
      fc.nat(4),
      async (baseUrl, verb, segments, given, form) => {
        const { client, sent } = recorder(baseUrl)
        const below = `/rest/${segments.join('/')}`
        const written =
          [
            below,
            below.slice(1),
            `${baseUrl}${below}`,
            `${new URL(baseUrl).pathname.replace(/\/$/, '')}${below}`,
            `${baseUrl}${below}?first=1&first=%20&first`
          ][form] ?? below
        try {
          await client.request(verb, written, { query: given })
        } catch (error) {
          // Dot segments that lead out of the base path are refused, which is another test.
          return error instanceof AtlassianError && error.code === 'ATL_HOST_ADDRESS' && sent.length === 0
        }
        const [call] = sent
        if (call === undefined || !call.url.startsWith(`${baseUrl}/`)) return false
        const claims = decodeSymmetric(call.authorization?.slice(4) ?? '', SECRET, SymmetricAlgorithm.HS256)
        const reference = createCanonicalRequest(
          fromMethodAndUrl(verb.toLowerCase() as 'get', call.url),
          false,
          baseUrl
        )
        const hash = (text: string) => createHash('sha256').update(text).digest('hex')
        if (claims.qsh === hash(reference)) return true
        // The reference sorts decoded names, the documentation encoded ones: then the entries have to be the same.
        const { canonicalRequest } = await import('../../../lib/jwt/qsh.ts')
        const url = new URL(call.url)
        const ours = canonicalRequest(
          verb,
          `${url.pathname}${url.search}`,
          new URL(baseUrl).pathname.replace(/\/$/, '')
        )
        return claims.qsh === hash(ours) && entriesOf(ours) === entriesOf(reference) && /%/.test(url.search)
      }
    ),
    { numRuns: 400 }
  )
  t.pass()
})

t.test('credentials are never sent outside of the base path, whatever the address', async (t) => {
  const piece = fc.constantFrom(
    '/',
    '//',
    '\\',
    '..',
    '.',
    '%2e',
    '%2f',
    '%5c',
    'wiki',
    'rest',
    '@',
    ':',
    '?',
    '#',
    ';',
    'https:',
    'evil.example.com',
    '\t',
    '\n',
    ' ',
    'acme.atlassian.net',
    '。',
    '%'
  )
  const address = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.webUrl()
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(JIRA, WIKI), address, fc.boolean(), async (baseUrl, text, byFetch) => {
      const { client, sent } = recorder(baseUrl)
      await (byFetch ? client.fetch(text) : client.get(text)).catch(() => {})
      return sent.every(({ url }) => url === baseUrl || url.startsWith(`${baseUrl}/`) || url.startsWith(`${baseUrl}?`))
    }),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('each call and each try has a token of its own, three minutes long', async (t) => {
  const { client, sent } = recorder(JIRA)
  await client.get('/a')
  await client.get('/b')
  const [first, second] = sent.map(({ authorization }) =>
    decodeSymmetric(authorization?.slice(4) ?? '', SECRET, SymmetricAlgorithm.HS256)
  )
  t.match(sent[0]?.authorization, /^JWT [\w-]+\.[\w-]+\.[\w-]+$/)
  t.strictSame(decodeProtectedHeader(sent[0]?.authorization?.slice(4) ?? ''), { typ: 'JWT', alg: 'HS256' })
  t.not(first?.qsh, second?.qsh)
  t.match(first, { iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 180, aud: ['acme-client'] })

  let signed = 0
  const again = makeCalls((_, number) => new Response(null, { status: number === 1 ? 503 : 204 }), {
    sign: () => `JWT number ${++signed}`
  })
  await again.time.settle(again.client.get('/a'))
  t.strictSame(
    again.sent.map(({ headers }) => headers.get('authorization')),
    ['JWT number 1', 'JWT number 2'],
    'a pause may be longer than a token lives'
  )
})
