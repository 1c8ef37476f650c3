import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Installs ACE in its own folder, as its lock file says, and runs the tests that need it. */

const root = join(import.meta.dirname, '../..')
const tap = join(root, 'node_modules/tap/dist/esm/run.mjs')

execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
  cwd: join(root, 'test/ace'),
  stdio: 'inherit',
  timeout: 600_000,
  shell: process.platform === 'win32'
})
const tests = ['test/import-ace/real-ace.test.ts', 'test/ace-port/names.test.ts', 'test/ace-port/port.test.ts']
const { status } = spawnSync(process.execPath, [tap, '--disable-coverage', ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, REQUIRE_ACE: '1' }
})
process.exitCode = status ?? 1
