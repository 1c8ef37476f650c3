import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Installs the framework we compare with, into its own folder, the first time it is needed. Its SQLite driver is
 * compiled, which takes a minute or two. Answers whether it is there.
 */
export function installAce(): boolean {
  const directory = join(import.meta.dirname, 'ace')
  if (existsSync(join(directory, 'node_modules/sqlite3/build/Release/node_sqlite3.node'))) return true
  console.log('Installing ACE for the comparison (its driver is compiled: a minute or two) ...')
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 600_000
    })
    return true
  } catch {
    console.log('ACE could not be installed: the comparison with it is left out')
    return false
  }
}
