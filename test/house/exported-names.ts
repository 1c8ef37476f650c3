import { resolveImport } from './imports.ts'
import { has, read } from './source-files.ts'

/** Names that a file exports and no docstring explains where they are declared, as `file: name`. */
export function undocumented(file: string): string[] {
  if (!has(file)) return [`${file}: no such file`]
  const source = read(file)
  const own = [...source.matchAll(declaration)].filter(([, name]) => !explained(source, name ?? ''))
  return [
    ...own.map(([, name]) => `${file}: ${name}`),
    ...reexports(file, source)
      .filter(([from, name]) => !explains(from, name))
      .map(([from, name]) => `${from}: ${name}`)
  ]
}

const declaration =
  /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:const|function\*?|class|interface|type|let) (\w+)/gm

/** What `export { a, type B as C } from './file.ts'` passes on, by its first name. */
function reexports(file: string, source: string): [from: string, name: string][] {
  return [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']+)'/gm)].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) =>
        name
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*/, '')
      )
      .filter((name) => name !== '')
      .map((name): [string, string] => [resolveImport(file, from), name])
  )
}

function explains(file: string, name: string): boolean {
  const source = read(file)
  const passedOn = reexports(file, source).find(([, other]) => other === name)
  return passedOn === undefined ? explained(source, name) : explains(...passedOn)
}

/** A docstring ends on the line above the declaration. */
function explained(source: string, name: string): boolean {
  const lines = source.split('\n')
  const at = lines.findIndex((line) =>
    new RegExp(
      `^(?:export )?(?:default )?(?:declare )?(?:async )?(?:abstract )?(?:const|function\\*?|class|interface|type|let) ${name}\\b`
    ).test(line)
  )
  return at > 0 && lines[at - 1]?.trimEnd().endsWith('*/') === true
}
