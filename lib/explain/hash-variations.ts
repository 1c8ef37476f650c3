import { hash } from 'node:crypto'
import { canonicalRequest } from '../jwt/qsh.ts'
import { parseSignedUrl } from '../jwt/signed-url.ts'

/** A request that differs a little from the one that arrived. */
export interface Variation {
  /** What is different about the signed request, in sentences; empty for the request itself. */
  readonly steps: readonly string[]
  readonly canonical: string
}

interface Step {
  readonly words: string
  readonly text: string
}

interface QueryStep extends Step {
  /** Joined by itself, because the usual way would sort it. */
  readonly canonical?: boolean
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']

/**
 * Every variation of the request that faults of proxies and of signing code are known to make, the simplest first:
 * another method, another path, another query, and what of these can come together.
 */
export function* hashVariations(method: string, url: string, basePath: string): Generator<Variation> {
  const { path, query } = parseSignedUrl(url)
  const methods: Step[] = [
    { words: '', text: method.toUpperCase() },
    ...METHODS.filter((one) => one !== method.toUpperCase()).map((one) => ({
      words: `it was signed for the method ${one}`,
      text: one
    }))
  ]
  const paths = pathSteps(path, basePath)
  const queries = querySteps(query)
  const all = methods.flatMap((one) =>
    paths.flatMap((way) =>
      queries.map((asked) => ({ one, way, asked, count: weight(one) + weight(way) + weight(asked) }))
    )
  )
  for (const { one, way, asked } of all.sort((a, b) => a.count - b.count)) {
    const canonical = canonicalOf(one.text, way, asked)
    if (canonical === null) continue
    yield { steps: [one.words, way.words, asked.words].filter((words) => words !== ''), canonical }
  }
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function weight({ words }: Step): number {
  return words === '' ? 0 : 1
}

function canonicalOf(method: string, path: Step, query: QueryStep): string | null {
  try {
    if (query.canonical !== true) return canonicalRequest(method, `${path.text}?${query.text}`)
    return `${canonicalRequest(method, path.text)}${query.text}`
  } catch {
    return null
  }
}

/** The paths are without the base path where the host leaves it out. */
function pathSteps(raw: string, basePath: string): Step[] {
  const inside = basePath !== '' && (raw === basePath || raw.startsWith(`${basePath}/`))
  const own = (inside ? raw.slice(basePath.length) : raw) || '/'
  const segments = own.split('/').slice(1)
  const steps: Step[] = [
    { words: '', text: own },
    { words: 'the path was decoded before it was signed, or encoded on the way', text: tryDecode(own) },
    {
      words: 'the path was signed with more percent signs: it was decoded on the way',
      text: own.replaceAll('%', '%25')
    },
    { words: 'the path was encoded a second time on the way', text: own.replace(/%25([0-9a-f]{2})/gi, '%$1') },
    {
      words: 'the path was signed in the usual encoding, and written anew on the way',
      text: encodeURI(tryDecode(own))
    },
    { words: 'the letters of percent sequences in the path were capitals', text: upperHex(own) },
    { words: 'the letters of percent sequences in the path were small', text: lowerHex(own) },
    { words: 'the path was in small letters', text: own.toLowerCase() },
    { words: 'double slashes in the path were made one on the way, or the other way round', text: merged(own) },
    { words: 'the path ended with a slash more', text: `${own}//` },
    { words: 'the path ended with two slashes less', text: own.replace(/\/+$/, '') }
  ]
  if (basePath !== '') {
    steps.push({ words: `the base path ${basePath} was not left out of the hash`, text: basePath + own })
    if (!inside) steps[0] = { words: '', text: own }
  }
  for (const count of [1, 2]) {
    if (segments.length <= count) break
    const gone = `/${segments.slice(0, count).join('/')}`
    const words = `${gone} was not part of the signed path: a proxy added it, or it is a base path that was not told`
    steps.push({ words, text: `/${segments.slice(count).join('/')}` })
  }
  return unique(steps)
}

function querySteps(query: string): QueryStep[] {
  const pairs = query.split('&').filter((pair) => pair !== '' && !/^jwt(?:=|$)/.test(pair))
  const plain = pairs.join('&')
  const steps: QueryStep[] = [
    { words: '', text: plain },
    { words: 'plus signs were signed as plus signs, and arrive as spaces', text: plain.replaceAll('+', '%2B') },
    { words: 'plus signs were signed as spaces', text: plain.replace(/%2b/gi, '+') },
    {
      words: 'the query was signed with more percent signs: it was decoded on the way',
      text: plain.replaceAll('%', '%25')
    },
    { words: 'the query was encoded a second time on the way', text: plain.replace(/%25([0-9a-f]{2})/gi, '%$1') },
    { words: 'parameters without a value were left out', text: pairs.filter((pair) => /=./.test(pair)).join('&') },
    {
      words: 'names of parameters were signed without brackets',
      text: plain.replace(/(^|&)([^=&]*?)(?:\[\]|%5B%5D)(?==|&|$)/gi, '$1$2')
    },
    {
      words: 'names of parameters were in small letters',
      text: plain.replace(/(^|&)([^=&]*)/g, (_, mark: string, name: string) => mark + name.toLowerCase())
    },
    { words: 'of repeated parameters only the first was signed', text: onePerName(pairs).join('&') },
    { words: 'of repeated parameters only the last was signed', text: onePerName([...pairs].reverse()).join('&') },
    {
      words: 'the parameters were signed in the order of the address, and not sorted',
      text: inOrder(pairs),
      canonical: true
    },
    { words: 'repeated parameters were signed one by one, and not joined', text: oneByOne(pairs), canonical: true },
    { words: 'repeated parameters were joined with %2C', text: canonicalQuery(joinedEncoded(pairs)), canonical: true },
    {
      words: 'the values were signed without being encoded',
      text: pairs.map(decodePair).sort().join('&'),
      canonical: true
    },
    { words: 'the query was not part of what was signed', text: '' }
  ]
  const names = [...new Set(pairs.map(nameOf))]
  const without = (gone: readonly string[]) => pairs.filter((pair) => !gone.includes(nameOf(pair))).join('&')
  const absent = (list: readonly string[]) =>
    `${list.map((name) => `"${name}"`).join(' and ')} ${list.length === 1 ? 'was' : 'were'} not part of the signed query: something added it on the way`
  if (names.length <= 40) for (const name of names) steps.push({ words: absent([name]), text: without([name]) })
  if (names.length <= 12) {
    for (const [index, name] of names.entries()) {
      for (const other of names.slice(index + 1))
        steps.push({ words: absent([name, other]), text: without([name, other]) })
    }
  }
  return unique(steps)
}

function unique<Each extends QueryStep>(steps: readonly Each[]): Each[] {
  const seen = new Set<string>()
  return steps.filter(({ text, canonical = false }) => {
    const key = `${canonical}${text}`
    return seen.has(key) ? false : seen.add(key)
  })
}

function nameOf(pair: string): string {
  return pair.split('=', 1)[0] ?? ''
}

function onePerName(pairs: readonly string[]): string[] {
  const seen = new Set<string>()
  return pairs.filter((pair) => (seen.has(nameOf(pair)) ? false : seen.add(nameOf(pair))))
}

function inOrder(pairs: readonly string[]): string {
  return pairs.map(encodePair).join('&')
}

function oneByOne(pairs: readonly string[]): string {
  return pairs.map(encodePair).sort().join('&')
}

function joinedEncoded(pairs: readonly string[]): string[] {
  const values = new Map<string, string[]>()
  for (const pair of pairs.map(encodePair))
    values.set(nameOf(pair), [...(values.get(nameOf(pair)) ?? []), valuePart(pair)])
  return [...values].map(([name, list]) => `${name}=${list.sort().join('%2C')}`)
}

function canonicalQuery(entries: readonly string[]): string {
  return [...entries].sort().join('&')
}

function valuePart(pair: string): string {
  const equals = pair.indexOf('=')
  return equals === -1 ? '' : pair.slice(equals + 1)
}

/** As the usual way writes one pair. */
function encodePair(pair: string): string {
  try {
    return canonicalRequest('GET', `/?${pair}`).slice('GET&/&'.length)
  } catch {
    return pair
  }
}

function decodePair(pair: string): string {
  const text = `${nameOf(pair)}=${valuePart(pair)}`
  return tryDecode(text.replaceAll('+', ' '))
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function upperHex(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (hex) => hex.toUpperCase())
}

function lowerHex(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (hex) => hex.toLowerCase())
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/')
}
