import { posix } from 'node:path'

/** Everything that a file imports, however it says so. `null` = an import whose address is computed. */
export function importsOf(source: string): (string | null)[] {
  const named = [
    /^\s*(?:import|export)\s[\w\s{},*$]*?\bfrom\s*['"]([^'"\n]+)['"]/gm,
    /^\s*import\s*['"]([^'"\n]+)['"]/gm,
    /\bimport\s*\(\s*['"`]([^'"`$\n]+)['"`]\s*[,)]/g,
    /\brequire(?:\.resolve)?\s*\(\s*['"`]([^'"`$\n]+)['"`]\s*\)/g,
    /\bimport\.meta\.resolve\s*\(\s*['"`]([^'"`$\n]+)['"`]\s*\)/g
  ].flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? null))
  const computed = [...withoutComments(source).matchAll(/\bimport\s*\(\s*(?!['"`][^'"`$\n]+['"`]\s*[,)])/g)].map(
    () => null
  )
  return [...named, ...computed]
}

/** The path that a relative import means, from the root of the repository. */
export function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier)
}

/** `@scope/name` or `name` of an import of another package. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Good enough for our own code: a line comment starts a line or follows a blank, which no address in a string does. */
export function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
