import assert from 'node:assert/strict'
import type { Project } from './project.ts'

const descriptor = {
  key: 'a-consumer',
  name: 'A consumer',
  baseUrl: 'https://app.example.com',
  authentication: { type: 'jwt' },
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
  scopes: ['READ'],
  apiMigrations: { gdpr: true, 'signed-install': true },
  modules: {}
}

const attempts = `import fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'

const descriptor = ${JSON.stringify(descriptor)}
const given = { descriptor, baseUrl: descriptor.baseUrl }

async function attempt(name, work) {
  const outcome = await work().then(() => 'it worked', (error) => error.code + ' ' + error.message)
  console.log(name + ': ' + outcome)
}
async function start(options) {
  const app = fastify()
  app.register(connectPlugin, { ...given, ...options })
  await app.ready().finally(() => app.close())
}
await attempt('default store', () => start({}))
await attempt('postgres', () => start({ store: 'postgres://user:word@127.0.0.1:1/none' }))
await attempt('mysql', () => start({ store: 'mysql://user:word@127.0.0.1:1/none' }))
await attempt('views', () => start({ store: (appKey) => createMemoryTenantStore({ appKey }), views: { root: '.' } }))
await attempt('simulator', async () => { await (await createHostSimulator()).close() })
process.exit(0)
`

/** Without the optional packages everything can be imported, and using one says which is missing and how to get it. */
export async function checkWithoutOptionals(project: Project): Promise<void> {
  await project.write('attempts.mjs', attempts)
  const output = await project.node('attempts.mjs')
  const missing = {
    'default store': 'better-sqlite3',
    mysql: 'mysql2',
    postgres: 'pg',
    simulator: 'atlassian-jwt',
    views: '@fastify/view'
  }
  for (const [name, packageName] of Object.entries(missing)) {
    const line = output.split('\n').find((text) => text.startsWith(`${name}: `)) ?? `${name}: nothing`
    assert.match(line, /ATL_PACKAGE_MISSING/, line)
    assert.ok(line.includes(`npm install ${packageName}`), `${line} (it should name ${packageName})`)
  }
}
