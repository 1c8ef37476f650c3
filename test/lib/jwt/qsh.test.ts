import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCanonicalRequest, createQueryStringHash, fromMethodAndUrl } from 'atlassian-jwt'
import fc from 'fast-check'
import t from 'tap'
import { canonicalRequest, matchesQueryStringHash, queryStringHash } from '../../../lib/jwt/qsh.ts'
import { type Parameter, parseSignedUrl } from '../../../lib/jwt/signed-url.ts'

interface Vector {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly baseUrl: string
  readonly canonical: string
  readonly qsh: string
}

interface Quirk extends Vector {
  readonly ours: { readonly canonical: string; readonly qsh: string }
}

interface OwnVectors {
  readonly vectors: readonly Vector[]
  readonly quirks: readonly Quirk[]
  readonly equal: readonly [string, string][]
  readonly different: readonly [string, string][]
}

const root = join(import.meta.dirname, '../../..')
const own = JSON.parse(readFileSync(join(root, 'test/vectors/qsh.json'), 'utf8')) as OwnVectors

const basePath = (baseUrl: string) => (baseUrl === '' ? '' : new URL(baseUrl).pathname.replace(/\/$/, ''))
const ours = ({ method, url, baseUrl }: Vector) => canonicalRequest(method, url, basePath(baseUrl))
const reference = ({ method, url }: Pick<Vector, 'method' | 'url'>) => fromMethodAndUrl(method as 'get', url)

function accepts(claimed: string, { method, url, baseUrl }: Omit<Vector, 'canonical'>, form?: readonly Parameter[]) {
  return matchesQueryStringHash(claimed, { method, url: parseSignedUrl(url), basePaths: [basePath(baseUrl)], form })
}

t.test('the vectors of this repository hold', async (t) => {
  for (const vector of own.vectors) {
    t.equal(createCanonicalRequest(reference(vector), false, vector.baseUrl), vector.canonical, `${vector.id}: source`)
    t.equal(ours(vector), vector.canonical, vector.id)
    t.equal(queryStringHash(vector.method, vector.url, basePath(vector.baseUrl)), vector.qsh, `${vector.id}: hash`)
    t.ok(accepts(vector.qsh, vector), `${vector.id}: accepted`)
  }
})

t.test('quirks of the reference are not copied', async (t) => {
  for (const quirk of own.quirks) {
    t.equal(createCanonicalRequest(reference(quirk), false, quirk.baseUrl), quirk.canonical, `${quirk.id}: source`)
    t.equal(ours(quirk), quirk.ours.canonical, quirk.id)
    t.ok(accepts(quirk.ours.qsh, quirk), `${quirk.id}: our hash is accepted`)
    t.notOk(accepts(quirk.qsh, quirk), `${quirk.id}: theirs is refused`)
  }
})

t.test('pairs that have to be equal are, and pairs that have to differ do', async (t) => {
  const find = (id: string) => ours(own.vectors.find((vector) => vector.id === id)!)
  for (const [a, b] of own.equal) t.equal(find(a), find(b), `${a} = ${b}`)
  for (const [a, b] of own.different) t.not(find(a), find(b), `${a} is not ${b}`)
})

const protocolFile = join(root, '../shared/protocol/qsh-vectors.json')

t.test('73 of the 75 vectors of the protocol hold', { skip: !existsSync(protocolFile) }, async (t) => {
  interface ProtocolVector extends Vector {
    readonly checkBodyForParams: boolean
    readonly body?: Readonly<Record<string, string>>
  }
  const protocol = JSON.parse(readFileSync(protocolFile, 'utf8')) as {
    readonly vectors: readonly ProtocolVector[]
    readonly mustBeEqual: readonly [string, string][]
    readonly mustDiffer: readonly [string, string][]
  }
  // What we compute where the reference is not followed.
  const differ: Readonly<Record<string, string>> = {
    'context-path-prefix-trap': 'GET&/connectors/panel&',
    'proto-key': 'GET&/q&__proto__=1&a=2'
  }
  t.equal(protocol.vectors.length, 75)
  let held = 0
  for (const vector of protocol.vectors) {
    const { id, method, qsh, body = {} } = vector
    const mayUseForm = vector.checkBodyForParams && (method === 'POST' || method === 'PUT')
    const form = mayUseForm ? Object.entries(body).filter(([name]) => name !== 'jwt') : undefined
    const accepted = accepts(qsh, vector, form)
    t.equal(accepted, differ[id] === undefined, id)
    if (accepted) held++
    if (differ[id] !== undefined) t.equal(ours(vector), differ[id], `${id}: ours`)
  }
  t.equal(held, 73)
  const find = (id: string) => protocol.vectors.find((vector) => vector.id === id)!
  for (const [a, b] of protocol.mustBeEqual) t.equal(ours(find(a)), ours(find(b)), `${a} = ${b}`)
  for (const [a, b] of protocol.mustDiffer) t.not(find(a).qsh, find(b).qsh, `${a} is not ${b}`)
})

const SPACE = /%20/g
const encoded = (text: string) => encodeURIComponent(text)
const character = fc.constantFrom(...Array.from("abzABZ019-._~!*'()&=+,;:/?@#%[]{}|^ äß日🍵"))
const word = fc.string({ unit: character, maxLength: 5 })
const parameter = fc.tuple(word, word, fc.boolean(), fc.boolean()).map(([name, value, plus, raw]) => {
  const text = raw ? value.replace(/[^A-Za-z0-9!*'(),;:/?@$-._~]|[%&+=#]/gu, encoded) : encoded(value)
  return `${encoded(name)}=${plus ? text.replace(SPACE, '+') : text}`
})
// Without an apostrophe: in paths the reference's parser encodes it, which no other implementation does.
const segment = fc.string({ unit: fc.constantFrom(...Array.from('abAB09-._~!*()&+,;:@$')), maxLength: 5 })
const request = fc.record({
  method: fc.constantFrom('GET', 'post', 'Put', 'DELETE', 'PATCH', 'HEAD'),
  base: fc.constantFrom('', '/tea', '/a/b'),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
  query: fc.array(parameter, { maxLength: 6 }).map((parameters) => parameters.join('&'))
})

t.test('whatever the reference signs is accepted', async (t) => {
  fc.assert(
    fc.property(request, ({ method, base, path, query }) => {
      // An empty base with a double slash in front would be read as a host by the reference.
      fc.pre(!path.startsWith('//'))
      const url = `${base}${path}${query === '' ? '' : `?${query}`}`
      const baseUrl = `https://app.example.com${base}`
      const hash = createQueryStringHash(reference({ method, url }), false, baseUrl)
      return accepts(hash, { id: '', method, url, baseUrl, qsh: '' })
    }),
    { numRuns: 300 }
  )
  t.pass()
})

t.test('a hash is a hash of one request only', async (t) => {
  const original = { method: 'GET', url: '/tea/pot?size=2&size=1&milk=no', baseUrl: 'https://app.example.com/tea' }
  const qsh = queryStringHash(original.method, original.url, '/tea')
  const others = {
    'another method': { method: 'POST' },
    'HEAD instead of GET': { method: 'HEAD' },
    'another path': { url: '/tea/cup?size=2&size=1&milk=no' },
    'a path in other capitals': { url: '/tea/Pot?size=2&size=1&milk=no' },
    'a dot segment': { url: '/tea/x/../pot?size=2&size=1&milk=no' },
    'an encoded letter that means the same to a router': { url: '/tea/%70ot2?size=2&size=1&milk=no' },
    'an encoded slash': { url: '/tea%2Fpot?size=2&size=1&milk=no' },
    'one parameter more': { url: '/tea/pot?size=2&size=1&milk=no&more' },
    'one value less': { url: '/tea/pot?size=2&milk=no' },
    'joined values': { url: '/tea/pot?size=1,2&milk=no' },
    'another base path': { url: '/coffee/pot?size=2&size=1&milk=no' },
    'the base path twice': { url: '/tea/tea/pot?size=2&size=1&milk=no' },
    'a name in other capitals': { url: '/tea/pot?Size=2&size=1&milk=no' }
  }
  const give = (change: object) => accepts(qsh, { id: '', qsh: '', ...original, ...change })
  t.ok(give({}))
  t.ok(give({ url: '/tea/pot?milk=no&size=1&size=2' }), 'the order of parameters does not matter')
  for (const [name, change] of Object.entries(others)) t.notOk(give(change), name)
})

t.test('a path may be hashed raw or decoded once, unless that would make another path', async (t) => {
  const hash = (path: string) => queryStringHash('GET', path)
  const accepted = (claimedFor: string, url: string) =>
    matchesQueryStringHash(hash(claimedFor), { method: 'GET', url: parseSignedUrl(url), basePaths: [] })
  t.ok(accepted('/my%20tea', '/my%20tea'))
  t.ok(accepted('/my tea', '/my%20tea'))
  t.ok(accepted('/tä', '/t%C3%A4'))
  for (const character of ['2F', '2f', '5C', '2E', '3F', '23', '25', '3B', '00']) {
    const url = `/a%${character}b`
    t.ok(accepted(url, url), `${url} raw`)
    t.notOk(accepted(decodeURIComponent(url), url), `${url} decoded`)
  }
  t.notOk(accepted('/tä', '/t%E4'), 'not UTF-8')
})

t.test('each base path that fits may be removed, and only at a segment', async (t) => {
  const path = (url: string, basePaths: readonly string[]) => {
    const input = { method: 'GET', url: parseSignedUrl(url), basePaths }
    return ['/', '/b', '/a/b', '/ab', '/c'].filter((one) => matchesQueryStringHash(queryStringHash('GET', one), input))
  }
  t.same(path('/a/b', ['/a/b', '/a']), ['/', '/b'])
  t.same(path('/a/b', ['/a']), ['/b'])
  t.same(path('/ab', ['/a']), ['/ab'])
  t.same(path('/a/b', ['/x']), ['/a/b'])
  t.same(path('/a/b', []), ['/a/b'])
  const outside = { method: 'GET', url: parseSignedUrl('/b'), basePaths: ['/a'], needsBasePath: true }
  t.notOk(matchesQueryStringHash(queryStringHash('GET', '/b'), outside), 'below no base path there is no hash')
})

t.test('a form stands for an empty query and never for another one', async (t) => {
  const form: readonly Parameter[] = [
    ['b', '2'],
    ['a', 'x y']
  ]
  const hash = queryStringHash('POST', '/macro?a=x%20y&b=2')
  const accepted = (url: string, given: readonly Parameter[] | undefined) =>
    matchesQueryStringHash(hash, { method: 'POST', url: parseSignedUrl(url), basePaths: [], form: given })
  t.ok(accepted('/macro', form))
  t.notOk(accepted('/macro', undefined), 'not given')
  t.notOk(accepted('/macro?q=1', form), 'there is a query')
  t.notOk(accepted('/macro?jwt=a.b.c', form), 'a token in the query is a query')
  t.notOk(accepted('/macro', [...form, ['c', '3']]), 'one field more')
})

t.test('more parameters than a usual parser reads are all hashed', async (t) => {
  const many = Array.from({ length: 3000 }, (_, index) => `p${index}=${index}`).join('&')
  const hash = queryStringHash('GET', `/q?${many}`)
  t.not(hash, queryStringHash('GET', `/q?${many}&late=1`))
  t.not(hash, queryStringHash('GET', `/q?${many.replace('p2999=2999', 'p2999=3000')}`))
})

t.test('a hash that is no hash matches nothing', async (t) => {
  const input = { method: 'GET', url: parseSignedUrl('/q'), basePaths: [] }
  const hash = queryStringHash('GET', '/q')
  for (const claimed of ['', 'context-qsh', hash.toUpperCase(), hash.slice(1), `${hash} `, `${hash.slice(0, -1)}é`]) {
    t.notOk(matchesQueryStringHash(claimed, input), claimed)
  }
})

t.test('what cannot be encoded has no hash', async (t) => {
  t.throws(() => canonicalRequest('GET', '/q?a=%ff'), { message: 'a percent sequence is not UTF-8' })
  const form: readonly Parameter[] = [['a', '\ud800']]
  const input = { method: 'POST', url: parseSignedUrl('/q'), basePaths: [], form }
  t.throws(() => matchesQueryStringHash('x'.repeat(64), input), { message: 'a lone surrogate cannot be encoded' })
})
