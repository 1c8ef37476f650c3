import { type ExecFileException, execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export const root = join(import.meta.dirname, '../..')

export const exported = [
  'fastify-atlassian',
  'fastify-atlassian/core',
  'fastify-atlassian/core/compat',
  'fastify-atlassian/store',
  'fastify-atlassian/testing',
  'fastify-atlassian/import-ace',
  'fastify-atlassian/client',
  'fastify-atlassian/ace'
]

/** An empty project of a stranger: a folder with its own package.json and node_modules. */
export interface Project {
  readonly directory: string
  write(path: string, text: string): Promise<void>
  /** Runs Node in the project; the answer is what it printed. Rejects with its whole output. */
  node(...args: string[]): Promise<string>
}

/** Makes the project and installs the tarball and the named packages in the versions this repository tests with. */
export async function createProject(directory: string, tarball: string, packages: readonly string[]): Promise<Project> {
  await mkdir(directory)
  const project: Project = {
    directory,
    write: (path, text) => writeFile(join(directory, path), text),
    node: (...args) => run(process.execPath, args, directory)
  }
  await project.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const wanted = await Promise.all(packages.map(async (name) => `${name}@${await installedVersion(name)}`))
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error']
  await retry(3, () => run('npm', [...npm, tarball, ...wanted], directory))
  return project
}

/** Runs a program for at most two minutes. Rejects with everything it printed. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { NODE_ENV: _, NODE_OPTIONS: __, DATABASE_URL: ___, ...env } = process.env
  try {
    const { stdout } = await execute(file, args, { cwd, env, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as ExecFileException
    throw new Error(`${file} ${args.join(' ')} failed\n${stdout ?? ''}${stderr ?? ''}`)
  }
}

async function installedVersion(name: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')
  )
  return manifest.version
}

/** A registry may be slow for a moment; a package that is really missing fails every time. */
export async function retry<Result>(times: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (times <= 1) throw error
    return retry(times - 1, work)
  }
}
