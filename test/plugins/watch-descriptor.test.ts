import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'

const baseUrl = 'https://app.example.com'
const descriptor = {
  key: 'com.example.watched',
  name: 'One',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed' },
  modules: { webhooks: [{ event: 'jira:issue_updated', url: '/hooks' }] } as Record<string, unknown>
}

async function start(t: Test, options: object = {}) {
  const folder = t.testdir({ 'atlassian-connect.json': JSON.stringify(descriptor) })
  const file = join(folder, 'atlassian-connect.json')
  const lines: string[] = []
  const host = await createHostSimulator()
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } } })
  t.teardown(async () => {
    await app.close()
    await host.close()
  })
  await app.register(connectPlugin, {
    descriptor: file,
    baseUrl,
    store: ':memory:',
    environment: 'development',
    ...host.connectOptions(),
    ...options
  })
  const read = async () => JSON.parse((await app.inject('/atlassian-connect.json')).body)
  const write = (next: unknown) => writeFileSync(file, typeof next === 'string' ? next : JSON.stringify(next))
  return {
    app,
    host,
    read,
    write,
    lines,
    said: (text: string) => until(() => lines.some((line) => line.includes(text)))
  }
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await done()) return
    await pause(10)
  }
  throw new Error('It did not happen within four seconds')
}

t.test('a changed file is served without a restart, with another tag', async (t) => {
  const { app, read, write } = await start(t, { watchDescriptor: true })
  await app.ready()
  const before = await app.inject('/atlassian-connect.json')
  write({ ...descriptor, name: 'Two' })
  await until(async () => (await read()).name === 'Two')
  const after = await app.inject({
    url: '/atlassian-connect.json',
    headers: { 'if-none-match': String(before.headers.etag) }
  })
  t.equal(after.statusCode, 200)
  t.equal(app.atlassian.descriptor.name, 'Two')
})

t.test('a webhook that is added to a path that is there is heard at once', async (t) => {
  const { app, host, read, write } = await start(t, { watchDescriptor: true })
  const heard: string[] = []
  app.atlassian.events.on('jira:issue_deleted', ({ event }) => heard.push(event))
  await host.install(app)
  const webhooks = ['jira:issue_updated', 'jira:issue_deleted'].map((event) => ({ event, url: '/hooks' }))
  write({ ...descriptor, modules: { webhooks } })
  await until(async () => (await read()).modules.webhooks.length === 2)
  await host.upgrade()
  t.equal((await host.sendWebhook('jira:issue_deleted', { issue: 'TEA-1' })).status, 204)
  await until(() => heard.length === 1)
})

t.test('what is wrong or needs a start is logged, and the one before it stays', async (t) => {
  const { app, read, write, said } = await start(t, { watchDescriptor: true })
  await app.ready()
  write('{ "key": ')
  await said('the one before it stays')
  write({ ...descriptor, key: 'com.example.other' })
  await said('only at its start')
  write({ ...descriptor, modules: { webhooks: [{ event: 'jira:issue_updated', url: '/elsewhere' }] } })
  await said('modules.webhooks[0]')
  t.equal((await read()).name, 'One')
  write({ ...descriptor, name: 'Mended' })
  await until(async () => (await read()).name === 'Mended')
})

t.test('without the option the file of the start is served for ever', async (t) => {
  const { app, read, write } = await start(t)
  await app.ready()
  write({ ...descriptor, name: 'Two' })
  await pause(150)
  t.equal((await read()).name, 'One')
})

t.test('production refuses to watch', async (t) => {
  const options = { descriptor, baseUrl, store: ':memory:', watchDescriptor: true, environment: 'production' }
  await t.rejects(async () => Fastify().register(connectPlugin, options), {
    code: 'ATL_OPTION',
    message: /watchDescriptor/
  })
})

t.test('a descriptor that is no file is not watched', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, { descriptor, baseUrl, store: ':memory:', watchDescriptor: true })
  await app.ready()
  t.equal(app.atlassian.descriptor.name, 'One')
})
