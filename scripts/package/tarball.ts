import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir, hostname, tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { root, run } from './project.ts'

const documents = ['README.md', 'CHANGELOG.md', 'UPGRADING.md', 'SECURITY.md', 'LICENSE', 'package.json']
const commands = ['bin/fastify-atlassian.cjs']

/** Packs as a release would, with a fresh build, and gives the tarball's address. */
export async function pack(directory: string): Promise<string> {
  await run('npm', ['pack', '--loglevel=error', '--pack-destination', directory], root)
  const [tarball, ...more] = globSync('*.tgz', { cwd: directory })
  assert.ok(tarball !== undefined && more.length === 0, 'npm pack made exactly one tarball')
  return join(directory, tarball)
}

/** What is in the tarball is what a user needs: no source, no test, nothing of this machine. */
export async function checkContents(tarball: string, directory: string): Promise<void> {
  await run('tar', ['-xzf', tarball, '-C', directory], directory)
  const unpacked = join(directory, 'package')
  const files = globSync('**/*', { cwd: unpacked, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)))

  for (const file of [...documents, ...commands]) assert.ok(files.includes(file), `the tarball lacks ${file}`)
  for (const file of files) {
    const isDocument = /^docs\/(?:.+\.md|pictures\/[\w-]+\.(?:svg|png))$/.test(file)
    const expected = [...documents, ...commands].includes(file) || isDocument || hasSource(file)
    assert.ok(expected, `the tarball holds a file that no user needs: ${file}`)
    const text = await readFile(join(unpacked, file), 'utf8')
    for (const trace of traces()) assert.ok(!text.includes(trace), `${file} names a path or a name of this machine`)
  }
  for (const source of globSync('{lib,plugins,client,ace}/**/*.ts', { cwd: root })) {
    const built = join('dist', source.slice(0, -'.ts'.length))
    for (const file of [`${built}.js`, `${built}.d.ts`]) assert.ok(files.includes(file), `the tarball lacks ${file}`)
  }
}

/** Every file in `dist` comes from one file of ours: built from TypeScript, or copied as it is. */
function hasSource(file: string): boolean {
  if (!file.startsWith('dist/')) return false
  const source = file.slice('dist/'.length)
  if (/\.test\.|\.map$/.test(source)) return false
  const typescript = source.replace(/(\.d\.ts|\.js)$/, '.ts')
  if (typescript !== source && exists(typescript)) return true
  return !source.endsWith('.ts') && exists(source)
}

function exists(source: string): boolean {
  return globSync(basename(source), { cwd: join(root, dirname(source)) }).length === 1
}

function traces(): string[] {
  const paths = [root, dirname(root), homedir(), tmpdir()].filter((path) => path.length > 1).map((path) => `${path}/`)
  return hostname().length > 5 && hostname() !== 'localhost' ? [...paths, hostname()] : paths
}
