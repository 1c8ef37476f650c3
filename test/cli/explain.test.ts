import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { signSessionToken } from '../../lib/jwt/session-token.ts'
import { hasRegistration } from '../../lib/tenant/tenant.ts'
import { descriptor, startScene } from './cli-scene.ts'
import { newFolder, runCli } from './run-cli.ts'

const NOW_MS = Date.UTC(2026, 5, 1)
const APP = 'an-app'

async function newHost(t: Test): Promise<HostSimulator> {
  const host = await createHostSimulator({ clock: () => NOW_MS })
  t.teardown(() => host.close())
  return host
}

/** Explains, and looks for any trace of the token in everything that was said. */
async function explain(t: Test, token: string, argv: readonly string[] = [], world = {}) {
  const given = { clock: () => NOW_MS, ...world }
  const ran = await runCli(['explain', ...(argv.includes('-') ? [] : [token]), ...argv], given)
  const [, payload = '', signature = ''] = /e[wy][\w-]+\.[\w-]+\.[\w-]*/.exec(token)?.[0].split('.') ?? []
  const said = ran.out + ran.err
  t.notMatch(said, /eyJ/, 'no token')
  t.notOk(payload !== '' && said.includes(payload), 'no part of the token')
  t.notOk(signature !== '' && said.includes(signature), 'no signature')
  return ran
}

const custom = (host: HostSimulator, claims: object, header: object = { alg: 'HS256' }) =>
  host.sign.custom({ typ: 'JWT', ...header }, claims, host.site().sharedSecret)

/** As Atlassian signs with a key of its own; nobody here can check it. */
const unverifiable = (header: object, claims: object) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2lnbmVkLWZhci1hd2F5`

const iat = NOW_MS / 1000
const living = { iat, exp: iat + 180 }

t.test('every kind of token is known for what it is', async (t) => {
  const host = await newHost(t)
  const { clientKey } = host.site()
  const hash = 'a'.repeat(64)
  const assertion = { iss: 'urn:atlassian:connect:clientid:x', sub: 'urn:atlassian:connect:useraccountid:y', ...living }
  const rest = { iss: APP, aud: [clientKey], qsh: hash, ...living }
  const install = { iss: clientKey, aud: ['https://a.example.com'], qsh: hash, ...living }
  const session = { iss: APP, aud: [clientKey], auth_time: iat, ...living }
  const cases: [kind: string, passes: string[], token: string, argv?: string[]][] = [
    ['request', ['page'], await host.sign.pageToken({ url: '/page' })],
    ['context', ['context'], await host.sign.contextToken()],
    ['install', ['lifecycle'], unverifiable({ alg: 'RS256', kid: 'a-key' }, install)],
    ['rest', [], custom(host, rest), ['--app-key', APP]],
    ['rest', [], custom(host, rest)],
    ['user-assertion', [], custom(host, assertion)],
    ['session', ['session'], custom(host, session, { typ: 'atl-session+jwt', alg: 'HS256' })],
    ['ace-session', [], custom(host, session)],
    ['api-token', [], unverifiable({ alg: 'RS256' }, { iss: 'https://auth.atlassian.com', ...living })],
    ['unknown', [], host.sign.custom({ alg: 'none' }, { iss: clientKey, qsh: 'context-qsh', ...living }, '')]
  ]
  for (const [kind, passes, token, argv = []] of cases) {
    const ran = await explain(t, token, [...argv, '--json'])
    const { policies, ...explained } = ran.json()
    t.match(explained, { kind, signature: 'unknown', sentence: String }, kind)
    const opened = Array.isArray(policies) ? policies.filter((one) => one.passes).map((one) => one.policy) : []
    t.equal(ran.code, passes.length === 0 ? 3 : 0, kind)
    t.ok(
      passes.every((policy) => opened.includes(policy)),
      `${kind}: ${opened}`
    )
    const text = await explain(t, token, argv)
    t.match(text.out, /Signature: NOT CHECKED/, kind)
  }
})

t.test('a Forge token is judged as a call of Forge', async (t) => {
  const host = await newHost(t)
  await host.forge.install({ inject: async () => ({ statusCode: 204, headers: {}, body: '' }) })
  const token = await host.forge.sign.invocationToken()
  const own = await explain(t, `Bearer ${token}`, [
    '--json',
    '--forge-app-id',
    `ari:cloud:ecosystem::app/${host.forge.appId}`
  ])
  t.match(own, { code: 0 })
  t.match(own.json(), { kind: 'invocation', policies: { 5: { policy: 'forge', passes: true } } })
  const late = { clock: () => NOW_MS + 60_000 }
  t.match(await explain(t, `Authorization: Bearer ${token}`, [], late), {
    code: 3,
    out: /forge +refused +it has expired/
  })
  const other = await explain(t, token, ['--forge-app-id', 'ari:cloud:ecosystem::app/other'])
  t.match(other, { code: 3, out: /forge +refused +its audience is not this app/ })
  t.match(await explain(t, `https://a.example.com/x?jwt=${token}`), { code: 3, out: /forge +refused .*in the query/ })
})

t.test('times are told in words', async (t) => {
  const host = await newHost(t)
  const token = await host.sign.pageToken({ url: '/page' })
  t.match(await explain(t, token), { out: /exp +expires in 3 minutes \(2026-06-01T00:03:00\.000Z\)/ })
  const later = { clock: () => NOW_MS + 3_780_000 }
  const old = await explain(t, token, [], later)
  t.match(old, { code: 3, out: /iat +issued 1 hour 3 minutes ago/ })
  t.match(old.out, /exp +expired 1 hour ago/)
  t.match(old.out, /page +refused +it has expired/)
  const early = { clock: () => NOW_MS - 120_000 }
  t.match(await explain(t, token, [], early), { out: /issued in the future, in 2 minutes[\s\S]*compare the clocks/ })
  const odd = custom(host, { iss: 'x', iat: 'soon', exp: 1e300 })
  t.match(await explain(t, odd), { code: 3, out: /is not a time/ })
})

t.test('an address says where the token was and what it is the hash of', async (t) => {
  const host = await newHost(t)
  const token = await host.sign.pageToken({ url: '/page?a=1&b=x%20y' })
  const url = `https://app.example.com/tea/page?b=x+y&a=1&jwt=${token}#top`
  const inside = await explain(t, url, ['--base-url', 'https://app.example.com/tea'])
  t.match(inside, { code: 0, out: /Hash: fits this request\.[\s\S]*GET&\/page&a=1&b=x%20y/ })
  const unknown = await explain(t, url)
  t.match(unknown, { code: 3, out: /would be right if \/tea was not part of the signed path/ })
  t.match(await explain(t, `JWT ${token}`, ['--method', 'GET', '--url', '/page?a=1&b=x%20y']), { code: 0 })
  t.match(await explain(t, `JWT ${token}`, ['--url', '/page?a=1&b=x%20y']), { out: /signed for the method GET/ })
  t.match(await explain(t, token), { out: /Hash: not compared/ })
  t.match(await explain(t, `https://a.example.com/%zz?jwt=${token}`), { code: 3 })
  t.match(await explain(t, `https://a.example.com/?x=%zz&jwt=${token}`), { out: /has no hash/ })
})

t.test('small differences that proxies and signing code make are found', async (t) => {
  const host = await newHost(t)
  const sign = async (signed: string, method = 'GET') => host.sign.pageToken({ url: signed, method })
  const cases: [name: RegExp, signed: string, arrived: string, argv?: string[]][] = [
    [/plus signs were signed as plus signs/, '/p?q=a%2Bb', '/p?q=a+b'],
    [/plus signs were signed as spaces/, '/p?q=a%20b', '/p?q=a%2Bb'],
    [/query was signed with more percent signs/, '/p?q=100%2525', '/p?q=100%25'],
    [/query was encoded a second time/, '/p?q=100%25', '/p?q=100%2525'],
    [/path was signed with more percent signs/, '/a%252Fb', '/a%2Fb'],
    [/path was signed in the usual encoding|path was decoded before/, '/a/b', '/a%2Fb'],
    [/percent sequences in the path were (?:capitals|small)/, '/a%2Fb', '/a%2fb'],
    [/double slashes in the path/, '/a/b', '/a//b'],
    [/"utm" was not part of the signed query/, '/p?a=1', '/p?a=1&utm=x'],
    [/"utm" and "ref" were not part/, '/p?a=1', '/p?a=1&utm=x&ref=y'],
    [/query was not part of what was signed/, '/p', '/p?a=1&b=2&c=3'],
    [/without brackets/, '/p?ids=1&ids=2', '/p?ids[]=1&ids[]=2'],
    [/in small letters/, '/issue', '/Issue'],
    [/signed for the method POST/, '/p?a=1', '/p?a=1', ['POST']],
    [/base path \/tea was not left out/, '/tea/p', '/tea/p', ['GET', '--base-url', 'https://a.example.com/tea']],
    [/parameters without a value were left out/, '/p?a=1', '/p?a=1&b=&c=']
  ]
  for (const [name, signed, arrived, [method = 'GET', ...argv] = []] of cases) {
    const ran = await explain(t, `JWT ${await sign(signed, method)}`, ['--method', 'GET', '--url', arrived, ...argv])
    t.match(ran, { code: 3, out: name }, `${signed} as ${arrived}`)
  }
  const both = await explain(t, `JWT ${await sign('/p?a=1', 'POST')}`, ['--method', 'GET', '--url', '/p?a=1&utm=x'])
  t.match(both.out, /would be right if it was signed for the method POST, and "utm" was not part/)

  const unsorted = createHash('sha256').update('GET&/p&b=2&a=1').digest('hex')
  const own = custom(host, { iss: host.site().clientKey, qsh: unsorted, ...living })
  t.match(await explain(t, own, ['--method', 'GET', '--url', '/p?b=2&a=1']), {
    out: /in the order of the address, and not sorted/
  })
  const far = await explain(t, `JWT ${await sign('/other')}`, ['--method', 'GET', '--url', '/p?a=1'])
  t.match(far, { code: 3, out: /No small difference explains it/ })
})

t.test('a secret from the environment or a file shows whether the signature is right', async (t) => {
  const host = await newHost(t)
  const token = await host.sign.contextToken()
  const env = { RIGHT: host.site().sharedSecret, WRONG: 'another secret' }
  const right = await explain(t, token, ['--secret', 'env:RIGHT'], { env })
  t.match(right, { code: 0, out: /Signature: right/ })
  t.notMatch(right.out, env.RIGHT)
  t.match(await explain(t, token, ['--secret', 'env:WRONG'], { env }), {
    code: 3,
    out: /Signature: WRONG[\s\S]*context +refused +its signature is wrong/
  })
  const file = join(newFolder(t), 'secret')
  writeFileSync(file, `${env.RIGHT}\n`)
  t.match(
    (
      await explain(t, '-', ['-', '--json', '--secret', `file:${file}`], { stdin: async () => `  JWT ${token}\n` })
    ).json(),
    { signature: 'right' }
  )
  t.match(await explain(t, 'env:TOKEN', ['--secret', 'env:RIGHT'], { env: { ...env, TOKEN: token } }), { code: 0 })
  const plain = await explain(t, token, ['--secret', env.RIGHT])
  t.match(plain, { code: 2, out: '', err: /env:NAME or file:PATH/ })
  t.notMatch(plain.err, env.RIGHT)
  t.match(await explain(t, token, ['--secret', 'file:/nowhere']), { code: 2, err: /ENOENT/ })
  t.match(await explain(t, token, ['--secret', 'env:RIGHT', '--database', 'x'], { env }), {
    code: 2,
    err: /one of them/
  })
})

t.test('the app’s database shows it too, for sessions as well', async (t) => {
  const { host, app, baseUrl, tenantOptions } = await startScene(t)
  await host.install(baseUrl)
  const { clientKey, sharedSecret } = host.site()
  const now = { clock: Date.now }
  const json = ['--json', ...tenantOptions]
  t.match((await explain(t, await host.sign.contextToken(), json, now)).json(), { signature: 'right' })
  t.match((await explain(t, await host.sign.contextToken({ key: 'other' }), json, now)).json(), { signature: 'wrong' })
  const stranger = await host.sign.contextToken({ claims: { iss: 'stranger' } })
  t.match(await explain(t, stranger, tenantOptions, now), { out: /not checked: the database has no tenant/ })
  const named = await explain(t, stranger, [...json, '--tenant', host.site().baseUrl], now)
  t.match(named.json(), { signature: 'right' })
  const tenant = await app.atlassian.tenants.find({ clientKey })
  if (tenant === null || !hasRegistration(tenant)) throw new Error('no tenant')
  const seconds = Math.floor(Date.now() / 1000)
  const subject = { tenant, accountId: null, context: {}, authTimeSeconds: seconds }
  const session = signSessionToken(subject, seconds, 60)
  t.match((await explain(t, session, json, now)).json(), { kind: 'session', signature: 'right' })
  t.match(await explain(t, session, ['--secret', 'env:S'], { ...now, env: { S: sharedSecret } }), {
    out: /made from the tenant/
  })
  t.match(await explain(t, session, ['--database', 'sqlite:/nowhere.sqlite', '--app-key', descriptor.key], now), {
    code: 2,
    err: /no database file/
  })
})

t.test('what is no token is refused without being repeated', async (t) => {
  const secret = 'a-text-that-nobody-should-see'
  for (const given of [
    secret,
    `${secret}.b.c`,
    `JWT ${secret}`,
    `https://a.example.com/${secret}`,
    `${secret} ${secret}`,
    ''
  ]) {
    const { code, out, err } = await runCli(['explain', given])
    t.ok(code === 1 || code === 2)
    t.equal(out, '')
    t.notMatch(err, secret)
  }
  t.match(await runCli(['explain']), { code: 2, err: /needs a token/ })
  t.match(await runCli(['explain', 'a', 'b']), { code: 2, err: /one token/ })
})

t.test('tokens and secrets inside of claims stay hidden', async (t) => {
  const host = await newHost(t)
  const inner = await host.sign.contextToken()
  const token = custom(host, {
    iss: 'x',
    note: `see ${inner}`,
    sharedSecret: 'tea',
    deep: { contextToken: 'opaque' },
    ...living
  })
  const { out } = await explain(t, token)
  t.match(out, /\[a token\]/)
  t.notMatch(out, /"tea"|opaque/)
})

t.test('a token cannot write on the terminal', async (t) => {
  const host = await newHost(t)
  const evil = 'a\u001b[2J\u009b1A\u202ebc\u2028\u{e0041}'
  const token = custom(host, { iss: evil, [evil]: 1, qsh: evil, ...living })
  for (const argv of [[], ['--json'], ['--url', '/page']]) {
    const { out } = await explain(t, token, argv)
    t.notMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u)
    if (argv[0] === '--json') t.equal(JSON.parse(out).claims.iss, evil)
  }
})
