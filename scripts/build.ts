import { execFileSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Builds `dist/` from nothing: JavaScript and declarations of `lib`, `plugins` and `client`, and their other files as they are. */

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  {
    cwd: root,
    stdio: 'inherit'
  }
)

const files = globSync('{lib,plugins,client}/**/*', { cwd: root, withFileTypes: true }).filter((entry) =>
  entry.isFile()
)
for (const { parentPath, name } of files) {
  if (/\.(ts|md)$/.test(name)) continue
  const source = join(parentPath, name)
  cpSync(source, join(dist, source.slice(root.length)))
}
