/**
 * Every public name of a file of type declarations, members with the name of what has them: `AddOn.key`,
 * `ConfigOptions.jwt.validityInMinutes`. What a method takes or gives is not a name of its own.
 */
export function declaredNames(source: string): string[] {
  const names = new Set<string>()
  /** One entry for each open brace: the name that it belongs to, `''` for the namespace, `null` where nothing counts. */
  const open: (string | null)[] = []
  let brackets = 0
  for (const line of withoutComments(source)
    .split('\n')
    .map((one) => one.trim())) {
    const declared = brackets === 0 ? nameIn(line, open) : null
    if (declared !== null) names.add(declared.name)
    let braces = 0
    for (const character of line) {
      if ('(['.includes(character)) brackets++
      if (')]'.includes(character)) brackets--
      if (character === '{') open.push(braces++ === 0 ? ownerOf(line, declared) : null)
      if (character === '}') open.pop()
    }
  }
  return [...names].sort()
}

interface Declared {
  readonly name: string
  readonly isMethod: boolean
}

const DECLARATION = /^(?:export |declare )+(?:interface|type|const|function|class) (\w+)/
const MEMBER = /^(?:readonly )?(\w+)\??(?=[:(<])/

function nameIn(line: string, open: readonly (string | null)[]): Declared | null {
  const owner = open.at(-1) ?? (open.length === 0 ? '' : null)
  if (owner === null) return null
  const top = DECLARATION.exec(line)?.[1]
  if (top !== undefined) return { name: top, isMethod: false }
  const member = MEMBER.exec(line)
  if (owner === '' || member === null) return null
  return { name: `${owner}.${member[1]}`, isMethod: line[member[0].length] !== ':' }
}

function ownerOf(line: string, declared: Declared | null): string | null {
  if (/^declare namespace /.test(line)) return ''
  return declared === null || declared.isMethod || line.includes('=> {') ? null : declared.name
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
