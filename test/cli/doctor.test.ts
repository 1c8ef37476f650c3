import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { migrateToLatest, openDatabase } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { checkNode, checkOptions } from '../../lib/cli/doctor/check-setting.ts'
import { parseListen } from '../../lib/cli/doctor/echo-server.ts'
import { descriptor, freePort, startScene } from './cli-scene.ts'
import { newFolder, runCli } from './run-cli.ts'

const offline = ['--offline', '--json']

async function findings(argv: readonly string[], world = {}) {
  const ran = await runCli(['doctor', ...argv, '--json'], world)
  const { findings: list } = ran.json()
  const found = new Map<string, { verdict: string; message: string }>()
  for (const one of Array.isArray(list) ? list : []) found.set(one.check, one)
  return { ...ran, found: (check: string) => found.get(check) ?? { verdict: 'absent', message: '' } }
}

t.test('the version of Node is judged', async (t) => {
  for (const version of ['18.20.8', '22.17.9']) t.match(checkNode(version), { verdict: 'failed', message: /22\.18/ })
  for (const version of ['22.18.0', '24.1.0', '26.0.0']) t.match(checkNode(version), { verdict: 'ok' })
  t.match(checkNode('23.5.0'), { verdict: 'warning' })
})

t.test('options are judged as the plugin judges them', async (t) => {
  const baseUrl = 'https://tea.example.com'
  t.match(checkOptions({ baseUrl }, 'production'), { verdict: 'ok' })
  t.match(checkOptions({}, 'production'), { verdict: 'skipped' })
  t.match(checkOptions({ baseUrl: 'http://127.0.0.1:3000' }, 'production'), { verdict: 'failed', message: /baseUrl/ })
  t.match(checkOptions({ baseUrl: 'http://tea.example.com' }, 'development'), { verdict: 'failed', message: /https/ })
  t.match(checkOptions({ baseUrl, allowedHosts: [] }, 'development'), { verdict: 'failed', message: /allowedHosts/ })
})

t.test('the app’s own configuration is taken where no option is given', async (t) => {
  const file = join(newFolder(t), 'descriptor.json')
  writeFileSync(file, JSON.stringify(descriptor))
  const appOptions = () => ({
    baseUrl: 'https://tea.example.com',
    descriptor: file,
    store: 'postgres://me:hidden@127.0.0.1:1/tea'
  })
  const { code, found, out } = await findings(['--offline'], { appOptions })
  t.equal(code, 1)
  t.match(found('options'), { verdict: 'ok', message: /tea\.example\.com/ })
  t.match(found('descriptor'), { verdict: 'ok', message: /com\.example\.tea/ })
  t.match(found('database'), { verdict: 'failed', message: /postgres/ })
  t.notMatch(out, 'hidden')
  const other = await findings(['--offline', '--base-url', 'https://other.example.com'], { appOptions })
  t.match(other.found('options').message, 'other.example.com')
  const broken = () => {
    throw new Error('PORT has to be a number')
  }
  t.match((await findings(['--offline'], { appOptions: broken })).found('options'), {
    verdict: 'failed',
    message: /PORT/
  })
  const nothing = await findings(['--offline'])
  t.match(nothing.code, 0)
  for (const check of ['options', 'descriptor', 'database'])
    t.match(nothing.found(check), { verdict: 'skipped' }, check)
})

t.test('a wrong descriptor is told with its first problem', async (t) => {
  const file = join(newFolder(t), 'descriptor.json')
  writeFileSync(file, JSON.stringify({ ...descriptor, key: 'not a key', name: undefined }))
  t.match((await findings(['--offline', '--descriptor', file])).found('descriptor'), {
    verdict: 'failed',
    message: /^key .*\(and 1 more\)/
  })
  writeFileSync(file, JSON.stringify({ ...descriptor, name: undefined }))
  t.match(await findings(['--offline', '--descriptor', file]), { code: 3 })
  writeFileSync(file, '{')
  t.match((await findings(['--offline', '--descriptor', file])).found('descriptor'), {
    verdict: 'failed',
    message: /ends too early/
  })
})

t.test('the database is only read, and its migrations and keys are judged', async (t) => {
  const { host, baseUrl, database, tenantOptions, folder, app } = await startScene(t)
  await host.install(baseUrl)
  await app.close()
  const good = await findings(['--offline', ...tenantOptions])
  t.match(good, { code: 0 })
  for (const check of ['database', 'migrations', 'keys']) t.match(good.found(check), { verdict: 'ok' }, check)

  const wrong = join(folder, 'wrong')
  writeFileSync(wrong, Buffer.alloc(32, 1))
  const other = ['--database', database, '--app-key', descriptor.key]
  t.match((await findings(['--offline', ...other, '--key-file', `one=${wrong}`])).found('keys'), {
    verdict: 'failed',
    message: /"one"/
  })
  t.match((await findings(['--offline', ...other, '--key-file', `two=${wrong}`])).found('keys'), {
    verdict: 'failed',
    message: /"one"/
  })
  t.match((await findings(['--offline', ...other])).found('keys'), { verdict: 'skipped', message: /--key-file/ })
  t.notOk(existsSync(join(folder, 'app.sqlite.key')), 'no development key was made')
  t.match((await findings(['--offline', '--database', database])).found('keys'), {
    verdict: 'skipped',
    message: /--app-key/
  })

  const missing = join(folder, 'missing.sqlite')
  t.match((await findings(['--offline', '--database', `sqlite:${missing}`])).found('database'), { verdict: 'warning' })
  t.notOk(existsSync(missing))
  const empty = await openDatabase(missing)
  t.match((await findings(['--offline', '--database', missing])).found('migrations'), {
    verdict: 'warning',
    message: /0001-tenants/
  })
  await migrateToLatest(empty)
  await empty.tables.insertInto('atl_migrations').values({ name: '9999-later', executed_at_ms: 1 }).execute()
  t.match((await findings(['--offline', '--database', missing])).found('migrations'), {
    verdict: 'failed',
    message: /9999-later/
  })
  await empty.close()
  rmSync(missing)
  const redis = await findings(['--offline', '--database', 'redis://:hidden@127.0.0.1:1'])
  t.match(redis.found('database'), { verdict: 'skipped' })
  const strange = await findings(['--offline', '--database', 'mongodb://me:hidden@127.0.0.1:1'])
  t.match(strange.found('database'), { verdict: 'failed' })
  t.notMatch(strange.out + redis.out, 'hidden')
})

t.test('the development key does for development only', async (t) => {
  const file = join(newFolder(t), 'dev.sqlite')
  const database = await openDatabase(file)
  await migrateToLatest(database)
  await database.close()
  writeFileSync(`${file}.key`, Buffer.alloc(32, 3).toString('base64'))
  const asked = ['--offline', '--database', file, '--app-key', 'x']
  t.match((await findings(asked)).found('keys'), { verdict: 'ok', message: /development key/ })
  t.match((await findings([...asked, '--environment', 'production'])).found('keys'), { verdict: 'failed' })
})

t.test('a clock that goes wrong is seen', async (t) => {
  const now = Date.UTC(2026, 0, 1)
  const cases: [secondsAhead: number, verdict: string, words: RegExp][] = [
    [0, 'ok', /agree/],
    [-1, 'ok', /agree/],
    [10, 'warning', /9 seconds ahead of/],
    [-20, 'warning', /20 seconds behind/],
    [120, 'failed', /1 minute 59 seconds ahead/],
    [-3600, 'failed', /1 hour behind/]
  ]
  for (const [ahead, verdict, words] of cases) {
    const fetch = async () => new Response(null, { headers: { date: new Date(now - ahead * 1000).toUTCString() } })
    const { found } = await findings(['--host', 'https://clock.example.com'], { fetch, clock: () => now })
    t.match(found('clock'), { verdict, message: words }, String(ahead))
  }
  const silent = { fetch: async () => new Response(null) }
  t.match((await findings([], silent)).found('clock'), { verdict: 'skipped', message: /tells no time/ })
  const lost = {
    fetch: async () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND' }) })
    }
  }
  t.match((await findings([], lost)).found('clock'), { verdict: 'skipped', message: /ENOTFOUND/ })
})

t.test('an app that runs is found, with every address of its descriptor', async (t) => {
  const { baseUrl, descriptorFile, host, heard } = await startScene(t, '/tea')
  const asked = ['--base-url', baseUrl, '--descriptor', descriptorFile, '--host', baseUrl]
  const good = await findings(asked)
  t.match(good, { code: 0 })
  t.match(good.found('address'), { verdict: 'ok' })
  t.match(good.found('routes'), { verdict: 'ok', message: /All 4 addresses/ })
  t.match(good.found('proxy'), { verdict: 'skipped', message: /--listen/ })
  t.same(heard, [])
  t.notOk(host.site().installed)
  const text = await runCli(['doctor', ...asked], { nodeVersion: '24.1.0' })
  t.match(text, { code: 0, out: /^ok {7}node {8}Node 24\.1\.0\n/ })
  t.match(text.out, /\n0 failed, 0 to look at, 6 in order, 2 not looked at\n$/)
})

t.test('what stands in the way of hosts is told', async (t) => {
  const served = { ...descriptor, baseUrl: '' }
  let answer: (url: string) => { status: number; body?: string; headers?: Record<string, string> } = () => ({
    status: 500
  })
  const server = createServer((incoming, response) => {
    const { status, body = '', headers } = answer(incoming.url ?? '')
    response.writeHead(status, headers).end(body)
  })
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const asked = ['--base-url', base, '--host', base]
  const cases: [name: RegExp, typeof answer][] = [
    [/leads elsewhere/, () => ({ status: 302, headers: { location: 'https://x.example.com' } })],
    [/answers 404: another server/, () => ({ status: 404 })],
    [/answers 502: the app does not run/, () => ({ status: 502 })],
    [/answers 401; hosts need 200/, () => ({ status: 401 })],
    [/a page, perhaps the notice of a tunnel/, () => ({ status: 200, body: '<html>Visit site</html>' })],
    [/does not answer with a descriptor/, () => ({ status: 200, body: '{"hello":1}' })],
    [
      /says that the app is at "https:\/\/old\.example\.com"/,
      () => ({ status: 200, body: JSON.stringify({ ...served, baseUrl: 'https://old.example.com' }) })
    ]
  ]
  for (const [words, given] of cases) {
    answer = given
    const { code, found } = await findings(asked)
    t.equal(code, 1)
    t.match(found('address'), { verdict: 'failed', message: words })
    t.match(found('routes'), { verdict: 'skipped' })
  }

  answer = (url) => {
    if (url.endsWith('connect.json')) return { status: 200, body: JSON.stringify({ ...served, baseUrl: base }) }
    return { status: url.startsWith('/page') ? 404 : url === '/webhooks' ? 500 : 401 }
  }
  const holes = await findings(asked)
  t.match(holes.found('routes'), {
    verdict: 'failed',
    message:
      /2 of 4 are not served: modules\.generalPages\[0\]\.url \(GET\) answers 404; modules\.webhooks\[0\] \(POST\) answers 500/
  })
  const file = join(newFolder(t), 'descriptor.json')
  writeFileSync(file, JSON.stringify({ ...descriptor, key: 'other' }))
  t.match((await findings([...asked, '--descriptor', file])).found('address'), {
    verdict: 'failed',
    message: /is "com\.example\.tea", not "other"/
  })
  writeFileSync(file, JSON.stringify({ ...descriptor, name: 'Another name' }))
  t.match((await findings([...asked, '--descriptor', file])).found('address'), {
    verdict: 'warning',
    message: /differs/
  })
  const nobody = `http://127.0.0.1:${await freePort()}`
  const closed = ['--base-url', nobody, '--host', nobody, '--timeout', '2']
  t.match((await findings(closed)).found('address'), { verdict: 'failed', message: /ECONNREFUSED/ })
})

interface Change {
  target?(target: string): string
  headers?(headers: IncomingHttpHeaders): IncomingHttpHeaders
  refuses?(target: string): boolean
}

/** A proxy that changes what it carries, in front of the port. */
async function startProxy(t: Test, port: number, change: Change): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const target = incoming.url ?? ''
    if (change.refuses?.(target) === true) {
      outgoing.writeHead(400).end('bad request')
      return
    }
    const path = change.target?.(target) ?? target
    const headers = change.headers?.({ ...incoming.headers }) ?? incoming.headers
    const onward = request({ host: '127.0.0.1', port, path, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

t.test('proxies that break the hash are found, and those that do not are left alone', async (t) => {
  const cases: [name: string, verdict: string, words: RegExp, change: Change, path?: string][] = [
    ['one that changes nothing', 'ok', /nothing was changed/, {}],
    [
      'one that removes the base path',
      'ok',
      /nothing was changed/,
      { target: (target) => target.replace(/^\/tea/, '') },
      '/tea'
    ],
    [
      'one that writes the query in another spelling',
      'ok',
      /1 were changed in ways that leave the hash right/,
      { target: (target) => target.replace('name=%C3%A9t%c3%a9', 'name=%C3%A9t%C3%A9') }
    ],
    [
      'one that decodes slashes',
      'failed',
      /an encoded slash in the path \(sent \/a%2Fb\?x=1, arrived \/a\/b\?x=1\)/,
      { target: (target) => target.replace('%2F', '/') }
    ],
    [
      'one that merges slashes',
      'failed',
      /a double slash in the path/,
      { target: (target) => target.replace('a//b', 'a/b') }
    ],
    [
      'one that takes encoded plus signs for spaces',
      'failed',
      /plus signs/,
      { target: (target) => target.replace('%2B', '+') }
    ],
    [
      'one that drops empty parameters',
      'failed',
      /without a value/,
      { target: (target) => target.replace('a=&b&', '') }
    ],
    ['one that adds a parameter', 'failed', /a plain address/, { target: (target) => `${target}&utm=1` }],
    ['one that adds a prefix', 'failed', /a plain address/, { target: (target) => `/backend${target}` }],
    [
      'one that keeps the credentials',
      'failed',
      /Authorization header did not arrive/,
      { headers: ({ authorization: _, ...others }) => others }
    ],
    [
      'one that has its own credentials',
      'failed',
      /another Authorization header/,
      { headers: (headers) => ({ ...headers, authorization: 'Basic x' }) }
    ],
    ['one that cuts tokens', 'failed', /a long token/, { target: (target) => target.slice(0, 2000) }],
    [
      'one that refuses long addresses',
      'warning',
      /Refused on the way: a long token in the query \(answered 400/,
      { refuses: (target) => target.length > 2000 }
    ]
  ]
  for (const [name, verdict, words, change, path = ''] of cases) {
    const port = await freePort()
    const base = (await startProxy(t, port, change)) + path
    const { found } = await findings(['--base-url', base, '--host', base, '--listen', String(port), '--timeout', '5'])
    t.match(found('proxy'), { verdict, message: words }, name)
  }
})

t.test('the place of the app has to be free, and the address has to lead there', async (t) => {
  const port = await freePort()
  const proxy = await startProxy(t, 1, {})
  const elsewhere = await findings(['--base-url', proxy, '--host', proxy, '--listen', `127.0.0.1:${port}`])
  t.match(elsewhere.found('proxy'), { verdict: 'failed', message: /Nothing that is sent .* arrives .*answered 502/ })
  const taken = new URL(proxy).port
  const busy = await findings(['--base-url', proxy, '--host', proxy, '--listen', taken])
  t.match(busy.found('proxy'), { verdict: 'failed', message: /stop the app first/ })
  t.same(parseListen('0.0.0.0:3000'), { host: '0.0.0.0', port: 3000 })
  t.same(parseListen('[::]:80'), { host: '::', port: 80 })
  t.same(parseListen('3000'), { host: '127.0.0.1', port: 3000 })
  for (const wrong of ['', 'x', '99999', 'http://x:1', ':80']) t.equal(parseListen(wrong), null, wrong)
})

t.test('wrong options are refused', async (t) => {
  const wrong: [argv: string[], message: RegExp][] = [
    [['--listen', 'x'], /PORT or HOST:PORT/],
    [['--timeout', '0'], /--timeout/],
    [['--host', 'acme'], /--host/],
    [['--base-url', 'ftp://x'], /--base-url/],
    [['--database', 'env:NOTHING'], /not set: NOTHING/]
  ]
  for (const [argv, message] of wrong)
    t.match(await runCli(['doctor', ...argv, ...offline]), { code: 2, out: '', err: message })
})
