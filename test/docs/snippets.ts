import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One fenced `ts` block of a document. */
export interface Snippet {
  /** Path of the document below the root of the repository. */
  readonly document: string
  /** Line of the document on which the code begins, from 1. */
  readonly line: number
  /** The name under which the other snippets of the document import it; `null` if it has none. */
  readonly name: string | null
  /** Marked with the word `run`: it has to run to its end, not only to type-check. */
  readonly runs: boolean
  readonly code: string
}

/** What a block may say after `ts`: `run`, or the name of a file. */
const INFO = /^```ts(?:[ \t]+([\w .-]+?))?[ \t]*$/

/** All `ts` blocks of a Markdown text, in order. Throws for one that never ends. */
export function snippetsOf(document: string, text: string): Snippet[] {
  const lines = text.split('\n')
  const snippets: Snippet[] = []
  for (let index = 0; index < lines.length; index++) {
    const info = INFO.exec(lines[index] ?? '')
    if (info === null) continue
    const end = lines.indexOf('```', index + 1)
    if (end === -1) throw new Error(`${document}:${index + 1}: the block never ends`)
    const words = (info[1] ?? '').split(' ').filter((word) => word !== '')
    snippets.push({
      document,
      line: index + 2,
      name: words.find((word) => word.endsWith('.ts')) ?? null,
      runs: words.includes('run'),
      code: `${lines.slice(index + 1, end).join('\n')}\n`
    })
    index = end
  }
  return snippets
}

/** The documents that promise something to users: every Markdown file at the root and in `docs`. */
export function readDocuments(root: string): ReadonlyMap<string, string> {
  const inRoot = readdirSync(root).filter((name) => name.endsWith('.md'))
  const inDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const paths = [...inRoot, ...inDocs.map((name) => `docs/${name}`), 'plugins/README.md']
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}
