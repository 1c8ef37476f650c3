const token =
  /(?<mark>[{}[\],:])|(?<string>"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(?<plain>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y
const space = /[ \t\r\n]*/y

type Wanted = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma or end'

/**
 * The offset of the first token that breaks the rules of JSON, or `null` for a text that `JSON.parse` accepts.
 * It exists because the messages of `JSON.parse` quote the file and often give no position.
 */
export function findJsonFault(text: string): number | null {
  const open: ('{' | '[')[] = []
  let wanted: Wanted = 'value'
  let at = 0
  for (;;) {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
    if (at === text.length) return wanted === 'comma or end' && open.length === 0 ? null : at
    token.lastIndex = at
    const found = token.exec(text)
    const next: Wanted | null = found === null ? null : step(found, wanted, open)
    if (next === null) return at
    wanted = next
    at = token.lastIndex
  }
}

/** What has to follow this token, or `null` when the token is not allowed here. Keeps `open` up to date. */
function step(found: RegExpExecArray, wanted: Wanted, open: ('{' | '[')[]): Wanted | null {
  const { mark, string } = found.groups ?? {}
  const top = open.at(-1)
  if (mark === undefined) {
    if (wanted === 'value' || wanted === 'value or ]') return 'comma or end'
    return string !== undefined && (wanted === 'name' || wanted === 'name or }') ? 'colon' : null
  }
  if ((mark === '{' || mark === '[') && (wanted === 'value' || wanted === 'value or ]')) {
    open.push(mark)
    return mark === '{' ? 'name or }' : 'value or ]'
  }
  if (mark === ':') return wanted === 'colon' ? 'value' : null
  if (mark === ',') return wanted !== 'comma or end' || top === undefined ? null : top === '{' ? 'name' : 'value'
  const closes = mark === '}' ? top === '{' && wanted !== 'name' : mark === ']' && top === '['
  if (!closes || (wanted !== 'comma or end' && wanted !== 'name or }' && wanted !== 'value or ]')) return null
  open.pop()
  return 'comma or end'
}

/** The line and column of an offset, both counted from 1, as editors show them. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
