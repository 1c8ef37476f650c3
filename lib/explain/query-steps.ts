import { canonicalRequest } from '../jwt/qsh.ts'
import { type QueryStep, tryDecode, unique } from './step.ts'

/** The query itself, without the token, and what it may have been. */
export function querySteps(query: string): QueryStep[] {
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
