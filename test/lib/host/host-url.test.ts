import { createQueryStringHash, decodeSymmetric, fromMethodAndUrl, SymmetricAlgorithm } from 'atlassian-jwt'
import fc from 'fast-check'
import t from 'tap'
import { AtlassianError } from '../../../lib/errors.ts'
import { resolveHostUrl } from '../../../lib/host/host-url.ts'
import { signHostRequest } from '../../../lib/jwt/sign-host-request.ts'
import { APP_KEY, makeTenant, SECRET } from '../tenant/make-tenant.ts'

const JIRA = 'https://acme.atlassian.net'
const WIKI = 'https://acme.atlassian.net/wiki'

/** The address, or `null` if it is refused. */
function resolve(baseUrl: string, target: string): string | null {
  try {
    return resolveHostUrl(baseUrl, target).href
  } catch (error) {
    if (error instanceof AtlassianError && error.code === 'ATL_HOST_ADDRESS') return null
    throw error
  }
}

t.test('a path lies under the base URL, whichever way it is written', async (t) => {
  const cases: [base: string, target: string, expected: string][] = [
    [JIRA, '/rest/api/3/myself', '/rest/api/3/myself'],
    [JIRA, 'rest/api/3/myself', '/rest/api/3/myself'],
    [JIRA, `${JIRA}/rest/api/3/myself`, '/rest/api/3/myself'],
    [JIRA, 'HTTPS://ACME.atlassian.net:443/rest', '/rest'],
    [JIRA, '/', '/'],
    [JIRA, '', '/'],
    [JIRA, '/a/../b', '/b'],
    [JIRA, '/a?b=c#d', '/a?b=c'],
    [JIRA, '/search?url=https://other.example.com', '/search?url=https://other.example.com'],
    [JIRA, '/a:b', '/a:b'],
    [WIKI, '/rest/api/content/1', '/wiki/rest/api/content/1'],
    [WIKI, '/wiki/rest/api/content/1', '/wiki/rest/api/content/1'],
    [WIKI, `${WIKI}/rest/api/content/1`, '/wiki/rest/api/content/1'],
    [WIKI, '/wiki', '/wiki'],
    [WIKI, '/wiki?a=1', '/wiki?a=1'],
    [WIKI, '/wikipedia', '/wiki/wikipedia'],
    [WIKI, '/a/../b', '/wiki/b']
  ]
  for (const [base, target, expected] of cases)
    t.equal(resolve(base, target), `${JIRA}${expected}`, `${target} of ${base}`)
})

t.test('an address outside of the base URL is refused', async (t) => {
  const outside: Record<string, readonly string[]> = {
    [JIRA]: [
      'https://other.atlassian.net/rest',
      'http://acme.atlassian.net/rest',
      'https://acme.atlassian.net:8443/rest',
      'https://acme.atlassian.net.evil.example.com/',
      'https://acme.atlassian.net@evil.example.com/',
      'https://user:password@acme.atlassian.net/',
      'https://user@acme.atlassian.net/',
      '//evil.example.com/rest',
      '///evil.example.com/rest',
      '/\\evil.example.com/rest',
      '\\\\evil.example.com/rest',
      '\\/evil.example.com',
      '/rest\\..\\x',
      'https:evil.example.com',
      'https:///evil.example.com',
      'javascript:alert(1)',
      'data:text/plain,x',
      'file:///etc/passwd',
      'blob:https://acme.atlassian.net/x',
      'http:'
    ],
    [WIKI]: [
      `${JIRA}/rest/api/3/myself`,
      `${JIRA}/wikipedia`,
      '/../rest/api/3/myself',
      '/wiki/../rest/api/3/myself',
      '/wiki/%2e%2e/rest',
      '/x/../../rest',
      '..',
      '../rest',
      '/.%2E/rest',
      `${WIKI}/../rest`
    ]
  }
  for (const [base, targets] of Object.entries(outside)) {
    for (const target of targets) t.equal(resolve(base, target), null, `${target} of ${base}`)
  }
})

t.test('no text at all leads out of the base URL', async (t) => {
  const piece = fc.constantFrom(
    ...[
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
      'evil.example.com'
    ],
    ...['\t', '\n', ' ', '\0', 'acme.atlassian.net', 'ä', '。', '[', '%']
  )
  const target = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.webUrl()
  )
  fc.assert(
    fc.property(fc.constantFrom(JIRA, WIKI), target, (base, text) => {
      let url: URL
      try {
        url = resolveHostUrl(base, text)
      } catch (error) {
        return error instanceof AtlassianError
      }
      const path = new URL(base).pathname.replace(/\/$/, '')
      const under = path === '' || url.pathname === path || url.pathname.startsWith(`${path}/`)
      // What a second parser makes of it is what the network sees.
      return url.origin === JIRA && under && url.username === '' && new URL(url.href).href === url.href
    }),
    { numRuns: 1000 }
  )
  t.pass()
})

t.test('a query is added, encoded, to the one that is there', async (t) => {
  const query = { a: 'x y', list: ['1', 2], yes: true, none: undefined, nothing: null, 'n&=': 'ä&=#' }
  t.equal(
    resolveHostUrl(JIRA, '/search?jql=a', query).search,
    '?jql=a&a=x+y&list=1&list=2&yes=true&n%26%3D=%C3%A4%26%3D%23'
  )
  t.equal(resolveHostUrl(JIRA, '/search', {}).href, `${JIRA}/search`)
})

t.test('a call is signed as the reference signs it, without the path of the base URL', async (t) => {
  const word = fc.string({
    unit: fc.constantFrom(...Array.from("ab09-._~!*()&+,;:@ äß日🍵='%/?#")),
    minLength: 1,
    maxLength: 6
  })
  fc.assert(
    fc.property(
      fc.constantFrom(JIRA, WIKI),
      fc.array(word, { maxLength: 3 }),
      fc.dictionary(word, fc.oneof(word, fc.array(word, { maxLength: 3 })), { maxKeys: 4 }),
      (baseUrl, segments, query) => {
        // Such a segment is refused: some server might see dots in it.
        const dotted = segments.some((one) => one.split('/').some((part) => /^\.{1,2}(?:;|$)/.test(part)))
        fc.pre(!dotted && !Object.hasOwn(query, '__proto__'))
        const path = segments.map((one) => encodeURIComponent(one).replaceAll("'", '%27')).join('/')
        const url = resolveHostUrl(baseUrl, `/rest/${path}`, query)
        const token = signHostRequest(makeTenant({ baseUrl }), 'put', url, 1_790_000_000)
        const claims = decodeSymmetric(token, SECRET, SymmetricAlgorithm.HS256)
        const request = fromMethodAndUrl('put', url.href)
        // Names with encoded characters may be sorted either way; both are the same for names without.
        const expected = createQueryStringHash(request, false, baseUrl)
        const plain = Object.entries(query)
          .flat(2)
          .every((text) => /^[\w.~-]*$/.test(text))
        return (!plain || claims.qsh === expected) && /^[0-9a-f]{64}$/.test(claims.qsh)
      }
    ),
    { numRuns: 300 }
  )
  const url = resolveHostUrl(WIKI, '/rest/api/content/1', { expand: 'body.storage' })
  const token = signHostRequest(makeTenant({ baseUrl: WIKI }), 'GET', url, 1_790_000_000)
  t.same(decodeSymmetric(token, SECRET, SymmetricAlgorithm.HS256), {
    iss: APP_KEY,
    iat: 1_790_000_000,
    exp: 1_790_000_180,
    aud: ['acme-client'],
    qsh: createQueryStringHash(fromMethodAndUrl('get', '/rest/api/content/1?expand=body.storage'))
  })
})

t.test('a dot segment that only another server would see does not leave the base path either', async (t) => {
  const base = 'https://acme.atlassian.net/wiki'
  for (const hidden of [
    '..;',
    '..;a=b',
    '..%3b',
    '%2e%2e;x',
    '%252e%252e',
    '.%252e',
    '..%2500',
    '..%00',
    '..%252f..'
  ]) {
    t.throws(() => resolveHostUrl(base, `/${hidden}/rest/api/3/myself`), { code: 'ATL_HOST_ADDRESS' }, hidden)
  }
  for (const plain of ['a..b', '...', 'a;b=1', '100%25', 'x.;y', 'a%2Fb']) {
    t.match(resolveHostUrl(base, `/rest/${plain}`).pathname, /^\/wiki\/rest\//, plain)
  }
})
