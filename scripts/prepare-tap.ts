import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Node strips our types, so tap is built without its own TypeScript plugin. It rebuilds itself when it sees that, but
 * too late for the tests of that first run; after a fresh install it is done here.
 */

const root = join(import.meta.dirname, '..')
const built = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js')

if (needsBuild()) {
  execFileSync(process.execPath, [join(root, 'node_modules/tap/dist/esm/run.mjs'), 'build'], {
    cwd: root,
    stdio: 'ignore'
  })
}

function needsBuild(): boolean {
  try {
    return readFileSync(built, 'utf8').includes('@tapjs/typescript')
  } catch {
    return true
  }
}
