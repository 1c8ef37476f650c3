import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { type Dev, descriptor, isAlive, source, startDev } from './dev-app.ts'
import { type FakeUpm, startUpm } from './fake-upm.ts'

const password = 'VERY-SECRET:p@ss'

function credentials(sites: readonly FakeUpm[], more: object = {}) {
  const hosts = Object.fromEntries(sites.map(({ host }) => [host, { username: 'ada@example.com', password }]))
  return { 'credentials.json': { hosts, ...more } }
}

function neverTold(t: Test, dev: Dev) {
  const basic = Buffer.from(`ada@example.com:${password}`).toString('base64')
  for (const secret of [password, encodeURIComponent(password), basic, 'NGROK-TOKEN']) {
    t.notOk(dev.output().includes(secret), 'no password is printed')
  }
}

const installs = ({ requests }: FakeUpm) => requests.filter(({ method }) => method === 'POST')
const removals = ({ requests }: FakeUpm) => requests.filter(({ method }) => method === 'DELETE')

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries > 500) throw new Error('It did not happen within five seconds')
    await pause(10)
  }
}

t.test('several sites: one that fails is told, the others are registered, and the end deregisters them', async (t) => {
  const fetched: unknown[] = []
  const fetchDescriptor = async (url: string) => void fetched.push(await (await fetch(url)).json())
  const reached: number[] = []
  let descriptorUrl = ''
  const first = await startUpm(t, {
    async onInstall(url) {
      descriptorUrl = url
      await fetchDescriptor(url)
    },
    // The host sends `uninstalled` now, so the app has to be there.
    onRemove: async () => void reached.push((await fetch(descriptorUrl)).status)
  })
  const failing = await startUpm(t, { developmentMode: false })
  const third = await startUpm(t, { onInstall: fetchDescriptor })
  const dev = startDev(t, { files: credentials([first, failing, third]) })
  await dev.next('ready')
  t.match(fetched, [descriptor, descriptor])
  const told = dev.events.filter(({ type }) => type === 'site').map(({ text }) => text)
  t.same(told.sort(), [first, third].map(({ host }) => `registered on ${host}`).sort())
  t.match(
    dev.events.find(({ type }) => type === 'problem')?.text,
    new RegExp(`not registered on ${failing.host}: The development mode`)
  )
  t.equal(installs(failing).length, 0)
  t.notOk(
    dev.events.some(({ text }) => /acme-jira/.test(text ?? '')),
    'there is no simulated host beside'
  )

  t.equal(await dev.stop('SIGTERM'), 0)
  t.equal(removals(first).length, 1)
  t.equal(removals(third).length, 1)
  t.equal(removals(failing).length, 0)
  t.same(reached, [200])
  neverTold(t, dev)
})

t.test('a changed descriptor is registered anew, a changed source is not', async (t) => {
  const site = await startUpm(t)
  const dev = startDev(t, { files: credentials([site]) })
  await dev.next('ready')
  t.equal(installs(site).length, 1)
  dev.write('atlassian-connect.json', { ...descriptor, name: 'Second' })
  await dev.next('site', /^registered on/)
  t.equal(installs(site).length, 2)
  dev.write('server.ts', source('two'))
  await dev.next('app', /runs again/)
  t.equal(installs(site).length, 2)
  await dev.stop()
  t.equal(removals(site).length, 1)
})

t.test(
  'what passes between site and app is shown, without its token, and waits while the app starts again',
  async (t) => {
    const site = await startUpm(t)
    const dev = startDev(t, { files: credentials([site]) })
    await dev.next('ready')
    const [{ body = '' } = {}] = installs(site)
    const origin = new URL(JSON.parse(body).pluginUri).origin
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'HS256' })}.${part({ iss: 'stranger', qsh: 'x' })}.c2ln`
    t.equal((await fetch(`${origin}/hello?b=%20&jwt=${token}&a=1`)).status, 401)
    const told = await dev.next('traffic')
    t.match(told, {
      method: 'GET',
      path: '/hello?b=%20&a=1',
      token: 'page',
      status: 401,
      verdict: 'refused by the app'
    })
    t.notOk(dev.output().includes(token))

    dev.write('server.ts', source('two'))
    await dev.next('app', /starts again/)
    t.match(await (await fetch(`${origin}/pid`)).json(), { greeting: 'two' })
    await dev.stop()
  }
)

t.test('signatures of the site hold through the way to the app, and it hears that it is uninstalled', async (t) => {
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const heard: number[] = []
  const site = await startUpm(t, {
    async onInstall(url) {
      heard.push((await host.install(new URL(url).origin)).status)
    },
    async onRemove() {
      heard.push((await host.openPage('hello', { params: { tea: 'green & black+white' } })).status)
      heard.push((await host.uninstall()).status)
    }
  })
  const dev = startDev(t, {
    files: { ...credentials([site]), 'server.ts': source('one', '...told, ...JSON.parse(process.env.SIMULATED)') },
    env: { SIMULATED: JSON.stringify(host.connectOptions()) }
  })
  await dev.next('ready')
  await dev.stop()
  t.same(heard, [204, 200, 204])
  t.match(
    dev.events.filter(({ type }) => type === 'traffic').map(({ token, path, status }) => [token, path, status]),
    [
      ['install', '/installed', 204],
      ['page', /^\/hello\?.*tea=green%20%26%20black%2Bwhite/, 200],
      ['install', '/uninstalled', 204]
    ]
  )
  for (const { sharedSecret } of host.sites) t.notOk(dev.output().includes(sharedSecret))
})

t.test('--register never and --deregister always', async (t) => {
  const site = await startUpm(t)
  const never = startDev(t, { files: credentials([site]), argv: ['--register', 'never'] })
  await never.next('ready')
  t.ok(
    never.events.some(({ text }) => /installed on acme-jira/.test(text ?? '')),
    'the simulated host takes its place'
  )
  await never.stop()
  t.equal(site.requests.length, 0)

  const there = await startUpm(t, { installed: new Set([descriptor.key]) })
  const always = startDev(t, { files: credentials([there]), argv: ['--deregister', 'always'] })
  await always.next('site', /has the app already/)
  await always.next('ready')
  await always.stop()
  t.equal(installs(there).length, 0)
  t.equal(removals(there).length, 1)
})

t.test('--register always registers an app that is there, and again at each start of it', async (t) => {
  const site = await startUpm(t, { installed: new Set([descriptor.key]) })
  const dev = startDev(t, { files: credentials([site]), argv: ['--register', 'always'] })
  await dev.next('ready')
  dev.write('server.ts', source('two'))
  await dev.next('app', /runs again/)
  t.equal(installs(site).length, 2)
  await dev.stop()
})

const cloudflared = (script: string) => `#!/usr/bin/env node
import { writeFileSync } from 'node:fs'
writeFileSync(process.env.TUNNEL_FILE, JSON.stringify({ pid: process.pid, argv: process.argv.slice(2) }))
${script}
`

function tunnelEnv(folder: string): Record<string, string> {
  const { PATH = '' } = process.env
  return { PATH: `${join(folder, 'bin')}:${PATH}`, TUNNEL_FILE: join(folder, 'tunnel.txt') }
}

t.test('cloudflared gives the address, and ends with the command', async (t) => {
  const site = await startUpm(t)
  const words = `
    console.error('2026-11-21T00:00:00Z INF |  https://some-words-here.trycloudflare.com  |')
    setTimeout(() => console.error('INF Registered tunnel connection connIndex=0'), 50)
    setInterval(() => {}, 1000)`
  const folder = t.testdirName
  const dev = startDev(t, {
    files: { ...credentials([site]), 'bin/cloudflared': cloudflared(words) },
    argv: ['--tunnel', 'cloudflared'],
    env: tunnelEnv(folder)
  })
  await dev.next('tunnel', /https:\/\/some-words-here\.trycloudflare\.com leads to port/)
  t.match(await dev.next('tunnelStarted'), { publicUrl: 'https://some-words-here.trycloudflare.com' })
  const { app } = await dev.next('ready')
  t.match(installs(site)[0]?.body, 'https://some-words-here.trycloudflare.com/atlassian-connect.json')
  t.match(await (await fetch(`${app}/atlassian-connect.json`)).json(), {
    baseUrl: 'https://some-words-here.trycloudflare.com'
  })
  const { pid, argv } = JSON.parse(readFileSync(join(folder, 'tunnel.txt'), 'utf8'))
  t.match(argv, ['tunnel', '--no-autoupdate', '--url', /^http:\/\/127\.0\.0\.1:\d+$/])
  t.ok(isAlive(pid))
  t.equal(await dev.stop('SIGINT'), 0)
  t.equal(removals(site).length, 1)
  await until(() => !isAlive(pid))
})

t.test('a tunnel that does not open is told in its own words', async (t) => {
  const folder = t.testdirName
  const failing = startDev(t, {
    files: { 'bin/cloudflared': cloudflared(`console.error('ERR no network'); process.exitCode = 1`) },
    argv: ['--tunnel', 'cloudflared'],
    env: tunnelEnv(folder)
  })
  await t.rejects(failing.next('ready'), /cloudflared ended with code 1: ERR no network/)
  t.equal(failing.child.exitCode, 1)
  const missing = startDev(t, { argv: ['--tunnel', 'cloudflared'], env: { PATH: '/usr/bin:/bin' } })
  await t.rejects(missing.next('ready'), /cloudflared is not on PATH; install it: https:/)
  const ngrok = startDev(t, { argv: ['--tunnel', 'ngrok'] })
  await t.rejects(ngrok.next('ready'), /npm install @ngrok\/ngrok/)
})

t.test('ngrok is used as in ACE: its part of credentials.json is enough', async (t) => {
  const site = await startUpm(t)
  const listener = `
    exports.forward = async (options) => {
      if (options.authtoken !== 'NGROK-TOKEN') throw new Error('bad token ' + options.authtoken)
      return { url: () => 'https://abc.ngrok.example/', close: async () => console.error('TUNNEL CLOSED', options.domain) }
    }`
  const ngrokFiles = {
    'node_modules/@ngrok/ngrok/package.json': { name: '@ngrok/ngrok', main: 'index.js' },
    'node_modules/@ngrok/ngrok/index.js': listener
  }
  const ngrok = { authtoken: 'NGROK-TOKEN', domain: 'abc.ngrok.example' }
  const files = { ...credentials([site], { ngrok }), ...ngrokFiles }
  const dev = startDev(t, { files, argv: ['--tunnel', 'ngrok'] })
  await dev.next('ready')
  t.match(installs(site)[0]?.body, 'https://abc.ngrok.example/atlassian-connect.json')
  await dev.stop()
  t.match(dev.output(), /TUNNEL CLOSED abc\.ngrok\.example/)
  neverTold(t, dev)

  const wrong = startDev(t, {
    files: { ...credentials([site], { ngrok: { authtoken: 'OTHER-NGROK-TOKEN' } }), ...ngrokFiles },
    argv: ['--tunnel', 'ngrok']
  })
  await t.rejects(wrong.next('ready'), /ngrok does not open a tunnel: bad token \*\*\*/)
})

t.test('--public-url is taken as it is, with its path', async (t) => {
  const site = await startUpm(t)
  const dev = startDev(t, { files: credentials([site]), argv: ['--public-url', 'https://dev.example.com/one/'] })
  const { app } = await dev.next('ready')
  t.match(installs(site)[0]?.body, 'https://dev.example.com/one/atlassian-connect.json')
  t.match(app, /\/one$/)
  t.equal((await fetch(`${app}/atlassian-connect.json`)).status, 200)
  await dev.stop()
})

t.test('scripts are told of registration and its end by the names of events, without any login', async (t) => {
  const installed = await startUpm(t)
  const failing = await startUpm(t, { developmentMode: false })
  const dev = startDev(t, { files: credentials([installed, failing]) })
  await dev.next('ready')
  await dev.stop()
  const site = ({ origin }: FakeUpm) => ({ baseUrl: origin, product: 'jira' })
  const told = dev.events.filter(({ type }) => /^(?:app(?:Der|R)egistered|tunnelStarted)$/.test(type))
  t.strictSame(told, [
    { type: 'appRegistered', appKey: descriptor.key, hosts: [site(installed)], failed: [site(failing)] },
    { type: 'appDeregistered', appKey: descriptor.key, hosts: [site(installed)] }
  ])
  neverTold(t, dev)
})
