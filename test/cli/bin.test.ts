import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../../lib/version.ts'

const file = join(import.meta.dirname, '../../bin/fastify-atlassian.cjs')

/** Without what the test runner makes every Node load. */
function run(node: string, ...args: string[]) {
  return spawnSync('sh', ['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', node, ...args], {
    encoding: 'utf8',
    input: 'not a token'
  })
}

t.test('an old Node of this machine parses the file, and is told which one is needed', async (t) => {
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
    if (!existsSync(path)) return false
    const major = execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })
    return Number(major) < 22
  })
  if (old === undefined) {
    t.pass('there is none')
    return
  }
  const told = /^fastify-atlassian needs Node 22\.18 or newer, and this is Node \d[\d.]+\.\n.*node@24/
  t.match(run(old, file, '--version'), { status: 1, stdout: '', stderr: told })
})

t.test('a Node that will do runs the commands', async (t) => {
  const args = ['--conditions=fastify-atlassian-source', '--disable-warning=ExperimentalWarning', file]
  t.match(run(process.execPath, ...args, '--version'), { status: 0, stdout: `${version}\n`, stderr: '' })
  const explained = run(process.execPath, ...args, 'explain', '-')
  t.match(explained, { status: 2, stderr: /A token or an address/ }, 'standard input is read')
  const descriptor = join(import.meta.dirname, '../../example-app/atlassian-connect.json')
  const piped = run(process.execPath, ...args, 'descriptor', 'check', descriptor)
  t.match(piped, { status: 0, stdout: /^ok {2}/ }, 'no colours without a terminal')
})
