import assert from 'node:assert/strict'
import { join } from 'node:path'
import { exported, type Project, root, run } from './project.ts'

/** Imports every subpath both ways: the same names must arrive, and `connectPlugin` must be a function. */
export async function checkImports(project: Project): Promise<void> {
  await project.write(
    'imports.mjs',
    `for (const name of ${JSON.stringify(exported)}) console.log(name, Object.keys(await import(name)).sort().join())\n`
  )
  await project.write(
    'imports.cjs',
    `for (const name of ${JSON.stringify(exported)}) console.log(name, Object.keys(require(name)).sort().join())\n`
  )
  const imported = await project.node('imports.mjs')
  const required = await project.node('imports.cjs')
  assert.equal(required.replaceAll('__esModule,', ''), imported, 'require() gives the same names as import')
  assert.match(imported, /^fastify-atlassian .*connectPlugin/m)
  assert.equal(imported.trim().split('\n').length, exported.length)
}

/** The command is there under its name, runs, and needs nothing that is not installed. */
export async function checkCommand(project: Project): Promise<void> {
  const command = join(project.directory, 'node_modules/.bin/fastify-atlassian')
  assert.match(await run(command, ['--help'], project.directory), /^Usage: fastify-atlassian/)
  const latest = ['migrate', 'latest', '--database', 'sqlite:command.sqlite']
  assert.match(await run(command, latest, project.directory), /^0001-/)
}

const esmConsumer = `import { connectPlugin, type ConnectOptions } from 'fastify-atlassian'
import * as core from 'fastify-atlassian/core'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import fastify from 'fastify'

const options: ConnectOptions = {
  descriptor: 'atlassian-connect.json',
  baseUrl: 'https://app.example.com',
  store: (appKey) => createMemoryTenantStore({ appKey })
}
const app = fastify()
await app.register(connectPlugin, options)
app.get('/panel', { config: { atlassian: { auth: 'page' } } }, async (request) => request.tenant?.tenantId ?? null)
// @ts-expect-error a policy that does not exist
app.get('/wrong', { config: { atlassian: { auth: 'pages' } } }, async () => null)
const host: Promise<HostSimulator> = createHostSimulator()
export { app, core, host }
`

const requireConsumer = `import atlassian = require('fastify-atlassian')
import testing = require('fastify-atlassian/testing')
const plugin: typeof atlassian.connectPlugin = atlassian.connectPlugin
export = { plugin, simulate: testing.createHostSimulator }
`

/** Type-checks consumers with our declarations unskipped; mistakes in declarations of other packages are theirs. */
export async function checkTypes(project: Project): Promise<void> {
  const shared = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    skipLibCheck: false
  }
  await project.write('consumer.mts', esmConsumer)
  await project.write('consumer.cts', requireConsumer)
  await project.write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: shared, include: ['consumer.mts', 'consumer.cts'] })
  )
  const mistakes = await typeErrors(project, 'tsconfig.json')
  assert.equal(mistakes.join('\n'), '', 'a consumer type-checks')
}

async function typeErrors(project: Project, config: string): Promise<string[]> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const output = await run(process.execPath, [tsc, '--pretty', 'false', '-p', config], project.directory).catch(
    (error: Error) => error.message
  )
  const mistakes = output.split('\n').filter((line) => /error TS\d+/.test(line))
  return mistakes.filter((line) => !line.includes('node_modules/') || line.includes('node_modules/fastify-atlassian/'))
}
