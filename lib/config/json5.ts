/** A text that is not JSON5. The message says where, and never quotes the text: it may hold passwords. */
export class Json5Error extends Error {
  readonly line: number
  readonly column: number

  constructor(text: string, offset: number) {
    const before = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/)
    const line = before.length
    const column = (before.at(-1)?.length ?? 0) + 1
    super(`it is not valid JSON5 at line ${line}, column ${column}`)
    this.line = line
    this.column = column
  }
}

const BLANK = /(?:[\s\uFEFF]|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*/uy
const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F]+|Infinity|NaN|(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$.])/y
const PLAIN = /[^'"\\\n\r]+/y
const LINE_END = /\r\n|[\n\r\u2028\u2029]/y
const LETTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' }
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }
const MAX_DEPTH = 64

/** Reads JSON5 (json5.org): JSON with comments, names without quotes, single quotes and commas at the end. Throws Json5Error. */
export function parseJson5(text: string): unknown {
  let at = 0
  const fail = (offset = at): never => {
    throw new Json5Error(text, offset)
  }

  function take(pattern: RegExp): string | null {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? null
    if (found !== null) at = pattern.lastIndex
    return found
  }

  function mark(character: string): boolean {
    take(BLANK)
    if (text[at] !== character) return false
    at += 1
    return true
  }

  function value(depth: number): unknown {
    if (depth > MAX_DEPTH) fail()
    if (mark('{')) return object(depth)
    if (mark('[')) return array(depth)
    const quote = text[at]
    if (quote === '"' || quote === "'") return string()
    const start = at
    const number = take(NUMBER)
    if (number !== null) return toNumber(number)
    const word = take(NAME) ?? ''
    return Object.hasOwn(WORDS, word) ? WORDS[word] : fail(start)
  }

  function object(depth: number): Record<string, unknown> {
    const members: [string, unknown][] = []
    while (!mark('}')) {
      const quote = text[at]
      const name = quote === '"' || quote === "'" ? string() : (take(NAME) ?? fail())
      if (!mark(':')) fail()
      members.push([name, value(depth + 1)])
      if (mark(',')) continue
      if (!mark('}')) fail()
      break
    }
    // Makes own members of every name, `__proto__` as well.
    return Object.fromEntries(members)
  }

  function array(depth: number): unknown[] {
    const items: unknown[] = []
    while (!mark(']')) {
      items.push(value(depth + 1))
      if (mark(',')) continue
      if (!mark(']')) fail()
      break
    }
    return items
  }

  function string(): string {
    const quote = text[at]
    let result = ''
    at += 1
    for (;;) {
      result += take(PLAIN) ?? ''
      const next = text[at]
      if (next === undefined || next === '\n' || next === '\r') return fail()
      at += 1
      if (next === quote) return result
      result += next === '\\' ? escaped() : next
    }
  }

  function escaped(): string {
    if (take(LINE_END) !== null) return ''
    const letter = text[at] ?? fail()
    at += 1
    const length = letter === 'x' ? 2 : letter === 'u' ? 4 : 0
    if (length === 0) return /[1-9]/.test(letter) ? fail(at - 1) : (LETTERS[letter] ?? letter)
    const digits = text.slice(at, at + length)
    if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length !== length) fail()
    at += length
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  const result = value(0)
  take(BLANK)
  return at === text.length ? result : fail()
}

function toNumber(text: string): number {
  const negative = text.startsWith('-')
  const number = Number(text.replace(/^[+-]/, ''))
  return negative ? -number : number
}
