import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { descriptor, isAlive, source, startDev } from './dev-app.ts'

const kept = 'node_modules/.cache/fastify-atlassian/dev-sites.json'

interface Answer {
  readonly pid: number
  readonly greeting: string
  readonly tenants: number
}

async function ask(app: unknown): Promise<Answer> {
  return (await (await fetch(`${app}/pid`)).json()) as Answer
}

t.test('the app starts, is installed on both sites, and Ctrl-C leaves no process', async (t) => {
  const dev = startDev(t)
  const { app, host } = await dev.next('ready')
  const { pid, tenants } = await ask(app)
  t.equal(tenants, 2)
  t.equal((await fetch(String(host))).status, 200, 'the pages of the simulated host are there')
  const installs = dev.events.filter(({ type, path }) => type === 'traffic' && path === '/installed')
  t.match(installs, [{ direction: 'to-app', method: 'POST', token: 'install', status: 204, verdict: /accepted/ }, {}])
  t.notMatch(dev.output(), /eyJ/, 'no token is shown')
  t.equal(await dev.stop('SIGINT'), 0)
  t.notOk(isAlive(pid))
  await t.rejects(fetch(String(app)))
})

t.test('an edit of the source starts the app again, and it is installed again', async (t) => {
  const dev = startDev(t)
  const { app } = await dev.next('ready')
  const before = await ask(app)
  dev.write('server.ts', source('two'))
  await dev.next('app', /runs again/)
  const after = await ask(app)
  t.match(after, { greeting: 'two', tenants: 2 })
  t.not(after.pid, before.pid)
  t.notOk(isAlive(before.pid))

  dev.write('lib/new/deep.ts', 'export {}')
  await dev.next('app', /deep\.ts has changed/)
  await dev.next('app', /runs again/)
  await dev.stop()
})

t.test('an edit of the descriptor registers it anew without a restart', async (t) => {
  const dev = startDev(t)
  const { app } = await dev.next('ready')
  const before = await ask(app)
  const installs = () => dev.events.filter(({ type, path }) => type === 'traffic' && path === '/installed').length
  t.equal(installs(), 2)
  dev.write('atlassian-connect.json', { ...descriptor, name: 'Second' })
  await dev.next('descriptor', /registered anew/)
  await dev.next('site', /acme-wiki/)
  t.equal(installs(), 4)
  t.equal((await ask(app)).pid, before.pid)
  t.match(await (await fetch(`${app}/atlassian-connect.json`)).json(), { name: 'Second' })

  dev.write('atlassian-connect.json', '{ "key": ')
  await dev.next('problem', /the one before it stays/)
  dev.write('atlassian-connect.json', { ...descriptor, name: 'Third' })
  await dev.next('descriptor', /registered anew/)
  t.equal((await ask(app)).pid, before.pid)

  dev.write('atlassian-connect.json', { ...descriptor, scopes: ['READ', 'WRITE'] })
  await dev.next('app', /takes scopes of its descriptor only at its start/)
  await dev.next('app', /runs again/)
  t.not((await ask(app)).pid, before.pid)
  await dev.stop()
})

t.test('an app that does not watch its descriptor is started again', async (t) => {
  const dev = startDev(t, { files: { 'server.ts': source('one', '...told, watchDescriptor: false') } })
  const { app } = await dev.next('ready')
  dev.write('atlassian-connect.json', { ...descriptor, name: 'Second' })
  await dev.next('app', /does not watch it/)
  await dev.next('app', /runs again/)
  t.match(await (await fetch(`${app}/atlassian-connect.json`)).json(), { name: 'Second' })
  await dev.stop()
})

t.test('a mistake in the source is shown, and the next edit mends it', async (t) => {
  const dev = startDev(t, { files: { 'server.ts': 'const = broken' } })
  await dev.next('problem', /ended with code 1; waiting/)
  t.match(dev.output(), /SyntaxError/)
  dev.write('server.ts', source())
  const { app } = await dev.next('ready')
  t.equal((await ask(app)).tenants, 2)
  dev.write('server.ts', `${source()}\nthrow new Error('later')`)
  await dev.next('problem', /ended with code 1/)
  dev.write('server.ts', source('mended'))
  await dev.next('app', /runs again/)
  t.equal((await ask(app)).greeting, 'mended')
  await dev.stop('SIGTERM')
})

t.test('an app whose command is killed ends as well', async (t) => {
  const dev = startDev(t)
  const { app } = await dev.next('ready')
  const { pid } = await ask(app)
  await dev.stop('SIGKILL')
  for (let tries = 0; isAlive(pid) && tries < 500; tries++) await pause(10)
  t.notOk(isAlive(pid))
})

t.test('an app that does not end by itself is ended', async (t) => {
  const stubborn = source().replace("process.once('SIGTERM', () => app.close())", "process.on('SIGTERM', () => {})")
  const dev = startDev(t, { files: { 'server.ts': stubborn } })
  const { pid } = await ask((await dev.next('ready')).app)
  await dev.stop()
  t.notOk(isAlive(pid))
})

t.test('it is not for production, and needs a program', async (t) => {
  const wrong = startDev(t, { env: { NODE_ENV: 'production' } })
  await t.rejects(wrong.next('ready'), /NODE_ENV says production/)
  t.equal(wrong.child.exitCode, 2)
  const empty = startDev(t, { files: { 'server.ts': null } })
  await t.rejects(empty.next('ready'), /name it: fastify-atlassian dev FILE/)
})

t.test('the next run has the same sites, so that an app finds its data again', async (t) => {
  const files = {
    'node_modules/.keep': '',
    'server.ts': source().replace(':memory:', 'sqlite:app.sqlite')
  }
  const first = startDev(t, { files })
  t.equal((await ask((await first.next('ready')).app)).tenants, 2)
  await first.stop()
  const second = startDev(t, { folder: first.folder })
  t.equal((await ask((await second.next('ready')).app)).tenants, 2)
  await second.stop()
  const sites: Record<string, { sharedSecret: string }> = JSON.parse(readFileSync(join(first.folder, kept), 'utf8'))
  for (const { sharedSecret } of Object.values(sites)) t.notOk(second.output().includes(sharedSecret))
})

t.test('a second Ctrl-C that comes with the first one, as from npm, does not cut the end short', async (t) => {
  const dev = startDev(t)
  const { pid } = await ask((await dev.next('ready')).app)
  dev.child.kill('SIGINT')
  dev.child.kill('SIGINT')
  t.equal(await dev.stop('SIGINT'), 0)
  t.notOk(isAlive(pid))
})
