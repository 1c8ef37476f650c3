import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { forgeApp } from './forge-cases.ts'

/** One case as a process of its own: `node forge-server.ts <case> <folder> <address of the keys>`. */

const [name, directory = '.', jwksUrl = ''] = process.argv.slice(2)

async function createApp(): Promise<FastifyInstance> {
  const app = fastify({ logger: false })
  if (name === 'bare') return app.get('/panel', async () => ({ ok: true })) && app
  await app.register(connectPlugin, {
    baseUrl: 'https://app.example.com',
    store: `sqlite:${join(directory, `${name}-${randomUUID()}.sqlite`)}`,
    encryption: { keys: [{ id: 'bench', key: Buffer.alloc(32, 1).toString('base64') }] },
    forge: { appId: forgeApp.appId, environments: ['PRODUCTION'], jwksUrl },
    unsafeAllowInsecureHostsInProduction: true
  })
  app.get('/panel', app.atlassian.protect('forge'), async () => ({ ok: true }))
  return app
}

const app = await createApp()
const address = await app.listen({ port: 0, host: '127.0.0.1' })
console.log(`port ${new URL(address).port}`)
process.stdin.resume().once('end', async () => {
  await app.close()
  process.exit(0)
})
