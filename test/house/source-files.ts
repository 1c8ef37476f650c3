import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export interface Manifest {
  readonly version: string
  readonly files: readonly string[]
  readonly main: string
  readonly types: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export const manifest: Manifest = JSON.parse(read('package.json'))

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function has(path: string): boolean {
  return existsSync(join(root, path))
}

/** Path and text of every TypeScript file of the named folders; packages of their own inside are not ours. */
export function sources(...folders: readonly string[]): Map<string, string> {
  const paths = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,mts,cts}`, { cwd: root }))
  return new Map(paths.filter((path) => !path.includes('node_modules')).map((path) => [path, read(path)]))
}

/** Every file that a commit of everything would hold. */
export function trackedFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  return list
    .toString()
    .split('\0')
    .filter((path) => path !== '' && has(path))
}
