import { runInNewContext } from 'node:vm'
import t from 'tap'
import { manifest, read } from './source-files.ts'

const check = read('scripts/check-node.cjs')

/** Runs the check as if on that Node; gives what it said and the code it ended with. */
function checkOn(version: string) {
  const said: string[] = []
  const codes: number[] = []
  runInNewContext(check, {
    process: { versions: { node: version }, exit: (code: number) => codes.push(code) },
    console: { error: (text: string) => said.push(text) }
  })
  return { said, codes }
}

t.test('an old Node is told in one sentence what to do', async (t) => {
  for (const version of ['0.12.18', '18.20.0', '20.20.2', '22.17.1']) {
    const { said, codes } = checkOn(version)
    t.same(codes, [1], version)
    t.equal(said.length, 1)
    t.ok(said[0]?.includes(version) && said[0].includes('22.18') && said[0].includes('npm ci'), version)
  }
})

t.test('a new Node hears nothing', async (t) => {
  for (const version of ['22.18.0', '22.23.0', '24.21.0', '26.10.0']) t.same(checkOn(version), { said: [], codes: [] })
})

t.test('the check itself can be read by the Node that is too old', async (t) => {
  t.notMatch(check.replace(/\/\/.*/g, ''), /=>|`|\b(?:const|let|import|async)\b|\?\.|\?\?/)
})

t.test('every npm script looks at its Node first', async (t) => {
  for (const [name, command] of Object.entries(manifest.scripts)) {
    const throughAnother = /^npm run ([\w:-]+)$/.exec(command)?.[1]
    t.match(manifest.scripts[throughAnother ?? name], /^node scripts\/check-node\.cjs && /, name)
  }
})

t.test('CI runs every check', async (t) => {
  const ci = read('.ci/run')
  for (const name of [
    'npm ci',
    'npm test',
    ...['lint', 'typecheck', 'build', 'check-package', 'test:browser'].map((x) => `npm run ${x}`)
  ]) {
    t.ok(ci.includes(name), name)
  }
  t.match(ci, 'REQUIRE_POSTGRES=1')
})
