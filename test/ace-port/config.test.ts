import { join } from 'node:path'
import Fastify from 'fastify'
import { connectPlugin, optionsFromEnv } from 'fastify-atlassian'
import { ace } from 'fastify-atlassian/ace'
import t from 'tap'

const before = join(import.meta.dirname, 'before')

t.test('config.json of the app on ACE is read as it is, and addon.config has the keys of the app', async (t) => {
  const env = { PORT: '4711', PUBLIC_URL: 'https://notes.example.com', NOTES_FILE: ':memory:' }
  const configFile = join(before, 'config.json')
  const { port, options, config } = optionsFromEnv({ env, configFile, environment: 'development' })
  t.equal(port, 4711)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, { descriptor: join(before, 'atlassian-connect.json'), ...options })
  const addon = ace(app, { config })
  t.equal(addon.config.localBaseUrl(), 'https://notes.example.com')
  t.equal(addon.config.noteLimit?.(), 50)
})
