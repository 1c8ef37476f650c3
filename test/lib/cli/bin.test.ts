import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import t from 'tap'

const path = join(import.meta.dirname, '../../../bin/fastify-atlassian.cjs')
const source = readFileSync(path, 'utf8')

/** Without what tap adds to every child: it reads TypeScript in a way of its own. */
function command(...argv: string[]) {
  const node = [process.execPath, '--conditions=fastify-atlassian-source', '--disable-warning=ExperimentalWarning']
  return promisify(execFile)('sh', ['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', ...node, path, ...argv])
}

t.test('the command runs as a process', async (t) => {
  t.match((await command('--help')).stdout, /Usage: fastify-atlassian/)
  await t.rejects(command('nothing'), { code: 2, stderr: /no command "nothing"/ })
})

t.test('an old Node is told which one is needed, by syntax that it can read', async (t) => {
  const code = source.replace(/^#!.*/, '')
  t.notMatch(code.replace(/\/\/.*/g, ''), /=>|`|\b(?:const|let|import|async)\b|\?\.|\?\?/)
  for (const [version, runs] of Object.entries({
    '12.22.0': false,
    '22.17.1': false,
    '22.18.0': true,
    '26.0.0': true
  })) {
    const said: string[] = []
    const asked: string[] = []
    const exit = new Error('exit')
    const start = () =>
      runInNewContext(code, {
        process: {
          versions: { node: version },
          exit() {
            throw exit
          }
        },
        console: { error: (...words: string[]) => said.push(words.join(' ')) },
        require: (name: string) => ({ run: () => asked.push(name) })
      })
    if (runs) start()
    else t.throws(start, exit)
    t.same(asked, runs ? ['#cli'] : [], version)
    if (runs) t.same(said, [])
    else t.match(said.join('\n'), new RegExp(`22\\.18.*${version.replaceAll('.', '\\.')}[\\s\\S]*node@24`))
  }
})
