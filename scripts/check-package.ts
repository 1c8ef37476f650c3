import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkCommand, checkImports, checkTypes } from './package/consumer.ts'
import { checkExampleApp } from './package/example.ts'
import { checkWithoutOptionals } from './package/optional.ts'
import { createProject, type Project } from './package/project.ts'
import { checkContents, pack } from './package/tarball.ts'

/** Looks at the package as a stranger who installs it: every step prints a line, and one that fails ends with 1. */

const optional = ['@fastify/view', 'handlebars', 'better-sqlite3', 'mysql2', 'pg', 'atlassian-jwt', 'yaml']

const directory = await mkdtemp(join(tmpdir(), 'package-'))
let failures = 0

async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    const result = await work()
    console.log(`ok      ${name}`)
    return result
  } catch (error) {
    failures++
    console.log(`FAILED  ${name}\n${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

async function withProject(project: Project | undefined, steps: Record<string, (project: Project) => Promise<void>>) {
  if (project === undefined) return
  for (const [name, work] of Object.entries(steps)) await step(name, () => work(project))
}

try {
  const tarball = await step('npm pack builds and packs', () => pack(directory))
  if (tarball !== undefined) {
    await step('the tarball holds what users need and nothing else', () => checkContents(tarball, directory))
    const full = await step('it installs into an empty project, with every optional package', () =>
      createProject(join(directory, 'full'), tarball, ['fastify', ...optional, '@types/node'])
    )
    await withProject(full, {
      'import and require() give the same names': checkImports,
      'consumers type-check': checkTypes,
      'the command runs': checkCommand,
      'the example app runs against it': checkExampleApp
    })
    const bare = await step('it installs into an empty project, without any optional package', () =>
      createProject(join(directory, 'bare'), tarball, ['fastify'])
    )
    await withProject(bare, {
      'everything can be imported without the optional packages': checkImports,
      'a missing package is named with the command that installs it': checkWithoutOptionals
    })
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
