import Fastify, { type FastifyInstance } from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('an unknown member of a route stops the start, so that a misspelt policy is not a policy by luck', async (t) => {
  for (const config of [{ autth: 'none' }, { auth: 'none', skip: true }]) {
    const routes = (app: FastifyInstance) => {
      app.get('/misspelt', { config: { atlassian: config } as never }, async () => 'in')
    }
    await t.rejects(buildApp(t, { routes }), {
      code: 'ATL_OPTION',
      message: /config\.atlassian\.(?:autth|skip) of \/misspelt/
    })
  }
})

t.test('a prefix given at register is refused with the name of the option that does what is meant', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const options = { descriptor: { key: 'app' }, baseUrl: 'https://app.example.com', prefix: '/connect' }
  await t.rejects(async () => app.register(connectPlugin, options as never), {
    code: 'ATL_OPTION',
    message: /mountPath/
  })
})
