import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ConnectOptions, resolveOptions } from 'fastify-atlassian/core'
import t from 'tap'
import { drawSequence } from '../../site/sequence-picture.ts'
import { sequences } from '../../site/sequences.ts'
import { runSnippet, typeCheck, writeSnippets } from './check-snippets.ts'
import { readDocuments, snippetsOf } from './snippets.ts'

const root = join(import.meta.dirname, '../..')
const documents = readDocuments(root)
// Inside of the repository, so that the package finds itself, and ignored by git.
const folder = join(root, '.tap/snippets')

t.test('a snippet of the documents', async (t) => {
  const snippets = [...documents].flatMap(([path, text]) => snippetsOf(path, text))
  t.ok(snippets.length > 30, `there are ${snippets.length}`)
  // A mistake of our own, to see that mistakes are found, and found where they are.
  const wrong = ['```ts', 'const cups = 1', 'cups.pour(tenant.tenantId)', '```'].join('\n')
  const files = await writeSnippets(folder, [...snippets, ...snippetsOf('wrong.md', wrong)])

  t.test('type-checks', async (t) => {
    const mistakes = await typeCheck(root, folder, files)
    t.match(mistakes.shift(), /^wrong\.md:3: error TS2339: .*'pour'/)
    t.same(mistakes, [])
  })

  t.test('runs to its end if it says so', async (t) => {
    const runnable = files.filter(({ snippet }) => snippet.runs)
    t.ok(runnable.length >= 3, `there are ${runnable.length}`)
    const results = runnable.map(async (file) => {
      const cwd = join(dirname(file.path), `run-${file.snippet.line}`)
      mkdirSync(cwd)
      const { code, output } = await runSnippet(file, cwd)
      t.equal(code, 0, `${file.snippet.document}:${file.snippet.line}\n${output}`)
    })
    await Promise.all(results)
  })
})

t.test('a link between the documents leads somewhere', async (t) => {
  for (const [path, text] of documents) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const found = file === '' ? path : join(dirname(path), file)
      t.ok(existsSync(join(root, found)), `${path} links to ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(documents.get(found) ?? '').includes(anchor), `${path}: #${anchor}`)
    }
  }
})

t.test('the list of documents names every one, and the drawn pictures are current', async (t) => {
  const list = documents.get('docs/README.md') ?? ''
  for (const path of documents.keys()) {
    const [, name] = /^docs\/(?!README)(.+)$/.exec(path) ?? []
    if (name !== undefined) t.ok(list.includes(`](${name})`), `docs/README.md names ${name}`)
  }
  for (const [name, sequence] of Object.entries(sequences)) {
    t.equal(readFileSync(join(root, `docs/pictures/${name}.svg`), 'utf8'), drawSequence(sequence), `${name}.svg`)
  }
})

t.test('every option is documented with its default, and nothing else is', async (t) => {
  const needed = { descriptor: {}, baseUrl: 'https://app.example.com' }
  const defaults = resolveOptions(needed, 'development')
  const rows = (documents.get('docs/options.md') ?? '').matchAll(/^\| `([\w.]+)` \| (.*?) \|/gm)
  const documented = new Map([...rows].map(([, name = '', value = '']) => [name, value]))
  const known = knownOptions(needed)
  t.same([...documented.keys()].sort(), known.sort())
  for (const [name, text] of documented) {
    const literal = /^`([^`]+)`$/.exec(text)?.[1]
    if (literal === undefined || !/^(?:\d+|'[^']*'|true|false)$/.test(literal)) continue
    const value = name.split('.').reduce((from: unknown, key) => Reflect.get(Object(from), key), defaults)
    const parsed: unknown = JSON.parse(literal.replaceAll("'", '"'))
    if (value !== undefined && typeof value === typeof parsed) t.equal(value, parsed, name)
  }
})

/** All names that `resolveOptions` knows, members of a group as `group.member`: a wrong name makes it tell them. */
function knownOptions(needed: object): string[] {
  const groups = [
    'hooks',
    'webhooks',
    'tokens',
    'session',
    'authorization',
    'hostClient',
    'forge',
    'personalData',
    'license'
  ]
  const namesOf = (options: object): string[] => {
    try {
      resolveOptions({ ...needed, ...options } as ConnectOptions, 'development')
    } catch (error) {
      const list = /known are (.*)$/.exec(error instanceof Error ? error.message : '')?.[1]
      if (list !== undefined) return list.split(', ')
    }
    throw new Error('the known options are not told')
  }
  const plain = namesOf({ noSuchOption: 1 }).filter((name) => !groups.includes(name))
  const members = groups.flatMap((group) =>
    namesOf({ [group]: { noSuchOption: 1 } }).map((member) => `${group}.${member}`)
  )
  return [...plain, ...members]
}

/** Names of the headings as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const headings = text.matchAll(/^#{1,6} (.+)$/gm)
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  )
}
