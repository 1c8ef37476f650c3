import t from 'tap'
import { read, trackedFiles } from './source-files.ts'

/** Written in pieces, so that this file is not the one that is found. */
const traces: Record<string, RegExp> = {
  'a path of a machine': new RegExp(
    `(?<![\\w.~-])/(?:${['ro', 'wo', 'fa', 'ho'].map((start, index) => start + ['ot', 'rk', 'rm', 'me'][index]).join('|')})/\\w`
  ),
  'a folder of a person': new RegExp(`${'/Us'}ers/\\w|[A-Z]:\\\\\\\\?Users`),
  'a registry': new RegExp(['registry', '(?:npmjs|yarnpkg|npmmirror)'].join('\\.')),
  'a mirror or proxy of packages': /https?:\/\/[\w.:@-]*\b(?:artifactory|verdaccio|nexus|npm-proxy|pypi|deb-mirror)\b/,
  'a mark of unfinished work': new RegExp(
    `\\b(?:${['TO', 'FIX'].map((start, index) => start + ['DO', 'ME'][index]).join('|')})\\b`
  )
}

t.test('no file of ours tells where it was made', async (t) => {
  const files = trackedFiles().filter((path) => !/\.(png|ico|woff2?)$/.test(path))
  t.ok(files.length > 50, 'the files were found')
  for (const path of files) {
    const text = read(path)
    for (const [name, trace] of Object.entries(traces)) {
      const found = trace.exec(text)
      if (found !== null) t.fail(`${path} holds ${name}: ${text.slice(found.index, found.index + 60).split('\n')[0]}`)
    }
  }
})

t.test('each trace would be found', async (t) => {
  const examples = [`cd ${'/ro'}ot/app`, `cd ${'/wo'}rk/app`, `see ${'/ho'}me/ada/app`, `${'/Us'}ers/ada`]
  for (const example of examples) {
    t.ok(
      Object.values(traces).some((trace) => trace.test(example)),
      example
    )
  }
  t.ok(Object.values(traces).some((trace) => trace.test(['https://registry', 'npmjs', 'org'].join('.'))))
})
