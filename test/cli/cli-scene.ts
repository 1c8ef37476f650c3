import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin, type WebhookEvent } from 'fastify-atlassian'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import type { Test } from 'tap'
import { newFolder } from './run-cli.ts'

export const descriptor = {
  key: 'com.example.tea',
  name: 'Tea time',
  baseUrl: '{{localBaseUrl}}',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
  modules: {
    generalPages: [{ key: 'page', name: { value: 'Tea' }, url: '/page?cup={cup}' }],
    webhooks: [{ event: 'jira:issue_updated', url: '/webhooks' }]
  }
}

export interface CliScene {
  readonly host: HostSimulator
  readonly app: FastifyInstance
  readonly baseUrl: string
  /** Address of the database, and options that open it. */
  readonly database: string
  readonly tenantOptions: string[]
  readonly folder: string
  readonly descriptorFile: string
  readonly heard: WebhookEvent[]
  readonly bodies: unknown[]
  /** Keys of the modules that Forge named. */
  readonly modules: string[]
}

/** An app that listens, and a simulated host that it trusts and that does not know it yet. */
export async function startScene(t: Test, path = ''): Promise<CliScene> {
  const folder = newFolder(t)
  const descriptorFile = join(folder, 'atlassian-connect.json')
  writeFileSync(descriptorFile, JSON.stringify(descriptor))
  const key = Buffer.alloc(32, 9)
  writeFileSync(join(folder, 'key'), key.toString('base64'))
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const port = await freePort()
  const baseUrl = `http://127.0.0.1:${port}${path}`
  const app = Fastify()
  t.teardown(() => app.close())
  const database = `sqlite:${join(folder, 'app.sqlite')}`
  const heard: WebhookEvent[] = []
  const bodies: unknown[] = []
  const modules: string[] = []
  await app.register(connectPlugin, {
    descriptor: descriptorFile,
    baseUrl,
    store: database,
    encryption: { keys: [{ id: 'one', key }] },
    webhooks: { mode: 'await' },
    forge: host.forge.connectOptions(),
    ...host.connectOptions()
  })
  app.atlassian.events.on('*', (event) => void heard.push(event))
  app.get(`${path}/page`, async ({ connect }) => ({ account: connect?.accountId ?? null }))
  app.get(`${path}/api`, app.atlassian.protect('context'), async ({ connect }) => ({ kind: connect?.tokenKind }))
  app.post(
    `${path}/forge/events`,
    app.atlassian.protect('forge', { principal: 'optional' }),
    async ({ body, forge }) => {
      modules.push(forge?.module.key ?? '')
      bodies.push(body)
      return {}
    }
  )
  await app.listen({ port, host: '127.0.0.1' })
  const tenantOptions = [
    '--database',
    database,
    '--app-key',
    descriptor.key,
    '--key-file',
    `one=${join(folder, 'key')}`
  ]
  return { host, app, baseUrl, database, tenantOptions, folder, descriptorFile, heard, bodies, modules }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
