import fc from 'fast-check'
import t from 'tap'
import { compileAllowedHosts, isInsecureAddress, productionHosts } from '../../lib/allowed-hosts.ts'

const production = compileAllowedHosts(productionHosts)

t.test('a site on one label of the production hosts may install', async (t) => {
  const allowed: Record<string, string> = {
    'https://acme.atlassian.net': 'https://acme.atlassian.net',
    'https://acme.atlassian.net/': 'https://acme.atlassian.net',
    'https://acme.atlassian.net/wiki': 'https://acme.atlassian.net/wiki',
    'https://acme.atlassian.net/wiki/': 'https://acme.atlassian.net/wiki',
    'https://ACME.Atlassian.NET/wiki': 'https://acme.atlassian.net/wiki',
    'https://a-b-1.atlassian.net': 'https://a-b-1.atlassian.net',
    'https://acme.jira.com': 'https://acme.jira.com'
  }
  for (const [address, canonical] of Object.entries(allowed)) {
    t.equal(production.siteUrl(address), canonical, address)
  }
})

t.test('every other spelling is refused', async (t) => {
  const refused = [
    ...['', 'acme.atlassian.net', '//acme.atlassian.net', '/wiki', 'https:', 'https://', 'https:///acme.atlassian.net'],
    ...['http://acme.atlassian.net', 'ftp://acme.atlassian.net', 'wss://acme.atlassian.net', 'javascript:alert(1)'],
    ...['https:acme.atlassian.net', 'https:/acme.atlassian.net', 'https:\\\\acme.atlassian.net'],
    // Not one label in front.
    ...['https://atlassian.net', 'https://.atlassian.net', 'https://a.b.atlassian.net', 'https://-a.atlassian.net'],
    ...['https://a-.atlassian.net', 'https://a_b.atlassian.net', `https://${'a'.repeat(64)}.atlassian.net`],
    // Look-alikes.
    ...['https://acme.atlassian.net.evil.example.com', 'https://acmeatlassian.net', 'https://acme.atlassian.com'],
    ...['https://evil.example.com/acme.atlassian.net', 'https://evil.example.com?acme.atlassian.net'],
    ...['https://evil.example.com#acme.atlassian.net', 'https://acme.atlassian.net.', 'https://acme..atlassian.net'],
    ...[
      'https://аcme.atlassian.net',
      'https://acme.atlassian。net',
      'https://acme。atlassian.net',
      'https://ａcme.atlassian.net'
    ],
    ...['https://acme.atl%61ssian.net', 'https://acme%2eatlassian.net', 'https://xn--80ak6aa92e.com'],
    // Credentials, ports, queries, fragments.
    ...['https://user@acme.atlassian.net', 'https://user:pw@acme.atlassian.net', 'https://@acme.atlassian.net'],
    ...['https://acme.atlassian.net@evil.example.com', 'https://evil.example.com\\@acme.atlassian.net'],
    ...['https://acme.atlassian.net:443', 'https://acme.atlassian.net:8443', 'https://acme.atlassian.net:'],
    ...['https://acme.atlassian.net?a', 'https://acme.atlassian.net/?', 'https://acme.atlassian.net#a'],
    // What a parser would repair.
    ...['https://acme.atlassian.net\\wiki', 'https://acme.atlassian.net/a/../wiki', 'https://acme.atlassian.net/./'],
    ...[
      ' https://acme.atlassian.net',
      'https://acme.atlassian.net ',
      'https://acme.atlassian.net\n',
      'ht\ntps://acme.atlassian.net'
    ],
    ...[
      'https://ac\tme.atlassian.net',
      'https://acme.atlassian.net//',
      'https://acme.atlassian.net/wi ki',
      'https://acme.atlassian.net/ä'
    ],
    // Addresses of numbers.
    ...[
      'https://127.0.0.1',
      'https://2130706433',
      'https://0x7f.1',
      'https://[::1]',
      'https://[::ffff:127.0.0.1]',
      'https://localhost'
    ]
  ]
  for (const address of refused) t.equal(production.siteUrl(address), null, JSON.stringify(address))
})

t.test('a listed host, label or origin is understood exactly', async (t) => {
  const cases: [entry: string, allowed: string[], refused: string[]][] = [
    [
      'acme.atlassian.net',
      ['https://acme.atlassian.net/wiki'],
      ['https://other.atlassian.net', 'http://acme.atlassian.net']
    ],
    ['*.jira-dev.com', ['https://acme.jira-dev.com'], ['https://jira-dev.com', 'https://a.b.jira-dev.com']],
    [
      'https://*.example.com:8443',
      ['https://a.example.com:8443'],
      ['https://a.example.com', 'https://a.example.com:8444']
    ],
    [
      'http://127.0.0.1:3001',
      ['http://127.0.0.1:3001/wiki'],
      ['https://127.0.0.1:3001', 'http://127.0.0.1', 'http://127.0.0.1:3002']
    ],
    ['http://localhost', ['http://localhost'], ['http://localhost:8080', 'https://localhost', 'http://a.localhost']],
    ['http://[::1]:3001', ['http://[::1]:3001'], ['http://[::2]:3001', 'http://127.0.0.1:3001']],
    ['https://acme.example.com:443', ['https://acme.example.com'], ['https://acme.example.com:444']],
    ['http://acme.example.com:80', ['http://acme.example.com'], ['https://acme.example.com']]
  ]
  for (const [entry, allowed, refused] of cases) {
    const hosts = compileAllowedHosts([entry])
    for (const address of allowed) t.ok(hosts.siteUrl(address), `${entry} allows ${address}`)
    for (const address of refused) t.equal(hosts.siteUrl(address), null, `${entry} refuses ${address}`)
    t.equal(hosts.siteUrl('https://acme.atlassian.net') !== null, entry === 'acme.atlassian.net', 'and nothing else')
  }
})

t.test('an entry that cannot be understood exactly ends the start', async (t) => {
  const entries = [
    ...['', '*', '*.', '**.atlassian.net', '*.*.net', 'a.*.net', 'acme.*', '*atlassian.net', 'https://', 'ftp://a.net'],
    ...[
      'https://acme.atlassian.net/',
      'https://acme.atlassian.net/wiki',
      'acme.atlassian.net?',
      'user@acme.atlassian.net'
    ],
    ...[
      'acme.atlassian.net:',
      'acme.atlassian.net:port',
      'acme.atlassian.net:123456',
      '.atlassian.net',
      'atlassian.net.'
    ],
    ...[
      'ACME.atlassian.net',
      'äcme.atlassian.net',
      'acme_1.atlassian.net',
      ' acme.atlassian.net',
      'acme.atlassian.net,b.net',
      '[::1'
    ]
  ]
  for (const entry of entries) {
    t.throws(() => compileAllowedHosts(['a.net', entry]), { code: 'ATL_OPTION', message: /allowedHosts\[1\]/ }, entry)
  }
})

t.test('whatever text comes, only a site under the listed hosts goes out', async (t) => {
  const piece = fc.constantFrom(
    ...['https://', 'http://', 'acme', '.', 'atlassian.net', 'jira.com', '@', ':', '/', '\\', '?', '#', '%2e', '443'],
    ...['evil.example.com', '\t', ' ', '。', 'ａ', '[', ']', '..', 'wiki', '-', '*', ';', "'"]
  )
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => `https://acme${pieces.join('')}`)
  fc.assert(
    fc.property(text, (address) => {
      const site = production.siteUrl(address)
      return site === null || /^https:\/\/[a-z0-9-]+\.(?:atlassian\.net|jira\.com)(?:\/[^?#\\\s@]*)?$/.test(site)
    }),
    { numRuns: 1000 }
  )
  t.pass()
})

t.test('any plain https address may frame, http only where it is listed', async (t) => {
  const hosts = compileAllowedHosts(['*.atlassian.net', 'http://127.0.0.1:3001'])
  t.equal(hosts.frameOrigin('https://jira.example.com'), 'https://jira.example.com')
  t.equal(hosts.frameOrigin('https://jira.example.com:8443/portal'), 'https://jira.example.com:8443')
  t.equal(hosts.frameOrigin('http://127.0.0.1:3001/wiki'), 'http://127.0.0.1:3001')
  const refused = [
    ...['http://jira.example.com', 'javascript:alert(1)', 'data:text/html,x', '*', 'https://*', '', 'https://a b'],
    ...[
      "https://a;script-src'unsafe-inline'",
      'https://a.example.com; x',
      'https://*.example.com',
      'https://user@a.example.com'
    ],
    ...["https://a'b.example.com", 'https://a,b', 'https://jira.example.com\n']
  ]
  for (const address of refused) t.equal(hosts.frameOrigin(address), null, JSON.stringify(address))
})

t.test('what stays on this machine or goes over plain http is insecure', async (t) => {
  const insecure = [
    ...['http://acme.example.com', 'http://*.example.com', 'localhost', 'https://localhost:3000', 'a.localhost'],
    ...['127.0.0.1', 'https://127.9.9.9:1', 'https://[::1]:3000', '[::1]']
  ]
  for (const entry of insecure) t.ok(isInsecureAddress(entry), entry)
  for (const entry of [
    '*.atlassian.net',
    'https://acme.example.com',
    'https://localhost.example.com',
    'https://128.0.0.1'
  ]) {
    t.notOk(isInsecureAddress(entry), entry)
  }
})
