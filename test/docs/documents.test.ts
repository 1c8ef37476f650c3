import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { runSnippet, typeCheck, writeSnippets } from './check-snippets.ts'
import { readDocuments, snippetsOf } from './snippets.ts'

const root = join(import.meta.dirname, '../..')
const documents = readDocuments(root)
// Inside of the repository, so that the package finds itself, and ignored by git.
const folder = join(root, '.tap/snippets')

t.test('a snippet of the documents', async (t) => {
  const snippets = [...documents].flatMap(([path, text]) => snippetsOf(path, text))
  t.ok(snippets.length > 30, `there are ${snippets.length}`)
  const files = await writeSnippets(folder, snippets)

  t.test('type-checks', async (t) => {
    t.same(await typeCheck(root, folder, files), [])
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
