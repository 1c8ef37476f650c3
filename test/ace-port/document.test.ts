import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

t.test('what docs/porting-an-ace-app.md shows as the app before stands in the app that is tested', async (t) => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/porting-an-ace-app.md'), 'utf8')
  const before = join(import.meta.dirname, 'before')
  const files = globSync('**/*.js', { cwd: before }).map((path) => readFileSync(join(before, path), 'utf8'))
  const snippets = [...document.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  t.ok(snippets.length >= 4, `${snippets.length} snippets`)
  for (const snippet of snippets) {
    t.ok(
      files.some((file) => file.includes(snippet)),
      snippet
    )
  }
})
