import t, { type Test } from 'tap'
import { readCredentials, type SiteLogin } from '../../lib/cli/dev/credentials.ts'
import { createRegistrar } from '../../lib/cli/dev/registrar.ts'
import { createReporter } from '../../lib/cli/dev/report.ts'
import { createUpmClient } from '../../lib/cli/dev/upm.ts'
import { type FakeUpm, startUpm, type UpmBehaviour, upmToken } from './fake-upm.ts'

const descriptorUrl = 'https://words.example.com/atlassian-connect.json'
const registration = { appKey: 'the-app', descriptorUrl, force: true }
const { signal } = new AbortController()

function loginFor(t: Test, { host }: FakeUpm, product = 'jira'): SiteLogin {
  const hosts = { [host]: { product, username: 'ada@example.com', password: 'API-TOKEN:ö' } }
  const folder = t.testdir({ 'credentials.json': JSON.stringify({ hosts }) })
  const [site] = readCredentials(`${folder}/credentials.json`).sites
  if (site === undefined) throw new Error('no site')
  return site
}

async function scene(t: Test, behaviour: UpmBehaviour = {}, product = 'jira') {
  const upm = await startUpm(t, behaviour)
  const client = createUpmClient(loginFor(t, upm, product), { requestMs: 400, installMs: 600 })
  return { upm, client, register: (force = true) => client.register({ ...registration, force }, signal) }
}

t.test('the flow: settings, token, install, polls, and the answer behind a redirect', async (t) => {
  const { upm, register } = await scene(t)
  t.equal(await register(), 'registered')
  t.same(
    upm.requests.map(({ method, url }) => `${method} ${url}`),
    [
      'GET /rest/plugins/1.0/settings',
      'GET /rest/plugins/1.0/',
      `POST /rest/plugins/1.0/?token=${encodeURIComponent(upmToken)}`,
      'GET /rest/plugins/1.0/pending/7',
      'GET /rest/plugins/1.0/pending/7',
      'GET /rest/plugins/1.0/pending/7',
      'GET /rest/plugins/1.0/the-app-key'
    ],
    'the redirect is followed on the same site'
  )
  const login = `Basic ${Buffer.from('ada@example.com:API-TOKEN:ö', 'utf8').toString('base64')}`
  for (const { authorization, url } of upm.requests) {
    t.equal(authorization, login)
    t.notMatch(url, /API-TOKEN|ada@/)
  }
  t.match(upm.requests[2], {
    type: 'application/vnd.atl.plugins.remote.install+json',
    body: JSON.stringify({ pluginUri: descriptorUrl })
  })
})

t.test('Confluence is asked below /wiki, also where its answers repeat that', async (t) => {
  const { upm, register } = await scene(t, {}, 'confluence')
  t.equal(await register(), 'registered')
  for (const { url } of upm.requests) t.match(url, /^\/wiki\/rest\/plugins\/1\.0\//)
})

t.test('an app that is there is left, unless it is forced', async (t) => {
  const { upm, register } = await scene(t, { installed: new Set(['the-app']) })
  t.equal(await register(false), 'present')
  t.equal(upm.requests.length, 2)
  t.equal(await register(true), 'registered')
})

t.test('an app that an administrator had switched off is said to be so', async (t) => {
  const { register } = await scene(t, { enabled: false })
  t.equal(await register(), 'disabled')
})

t.test('each refusal is one that can be acted upon', async (t) => {
  const refused: [string, UpmBehaviour, RegExp][] = [
    ['a wrong token', { refuse: { status: 401, path: /settings/ } }, /\(401\).*API token/],
    ['no administrator', { refuse: { status: 403, path: /GET .*1\.0\/$/ } }, /\(403\).*no administrator/],
    ['another address', { refuse: { status: 302, path: /GET .*1\.0\/$/ } }, /\(302\).*redirects elsewhere/],
    ['no plugin manager', { refuse: { status: 404, path: /GET .*1\.0\/$/ } }, /\(404\)/],
    ['no token', { refuse: { status: 200, path: /GET .*1\.0\/$/ } }, /no token/],
    ['development mode', { developmentMode: false }, /development mode of the site is off: .*Manage apps/],
    ['an install under way', { refuse: { status: 409, path: /POST/ } }, /\(409\).*Try again/],
    [
      'Connect is over',
      { refuse: { status: 400, path: /POST/, body: { errorMessage: 'Not from the Marketplace.' } } },
      /\(400\): Not from the Marketplace\. Since 31 March 2026 .*--register never.*manifest/
    ],
    ['forbidden', { refuse: { status: 403, path: /POST/ } }, /\(403\)\. Since 31 March 2026/],
    [
      'a failed install',
      { outcome: { status: { done: true, errorMessage: 'The descriptor cannot be fetched' } } },
      /failed on the site: The descriptor cannot be fetched\. Since/
    ],
    ['only a code', { outcome: { status: { done: true, subCode: 'upm.error' } } }, /: upm\.error\./],
    ['a poll that breaks', { refuse: { status: 500, path: /pending/ } }, /does not tell how the install went \(500\)/],
    ['no end', { rounds: 1e6 }, /not done within 0\.6 seconds/],
    ['no answer', { silent: /settings/ }, /did not answer within 0\.4 seconds/],
    [
      'a poll elsewhere',
      { refuse: { status: 202, path: /POST/, body: { links: { self: 'https://evil.example.com/x' } } } },
      /does not say where to ask/
    ]
  ]
  for (const [name, behaviour, message] of refused) {
    const { register } = await scene(t, behaviour)
    await t.rejects(register(), { name: 'Error', message }, name)
  }
})

t.test('settings that may not be read stop nothing', async (t) => {
  const { register } = await scene(t, { refuse: { status: 403, path: /settings/ } })
  t.equal(await register(), 'registered')
})

t.test('a site that is not there is said to be so', async (t) => {
  const login = loginFor(t, { host: '127.0.0.1:9', origin: '', requests: [], behaviour: {} })
  await t.rejects(createUpmClient(login).register(registration, signal), {
    message: /127\.0\.0\.1:9 cannot be reached/
  })
})

t.test('the end of the command ends a wait', async (t) => {
  const upm = await startUpm(t, { rounds: 1e6 })
  const stop = new AbortController()
  const work = createUpmClient(loginFor(t, upm)).register(registration, stop.signal)
  setTimeout(() => stop.abort(), 100)
  await t.rejects(work, { message: 'stopped' })
})

t.test('an app is removed, and one that is gone is no failure', async (t) => {
  const { upm, client } = await scene(t)
  await client.deregister('the-app', signal)
  t.match(upm.requests, [{ method: 'DELETE', url: '/rest/plugins/1.0/the-app-key' }])
  upm.behaviour.refuse = { status: 404, path: /DELETE/ }
  await client.deregister('the-app', signal)
  upm.behaviour.refuse = { status: 403, path: /DELETE/ }
  await t.rejects(client.deregister('the-app', signal), { message: /cannot be removed \(403\)/ })
})

t.test('an install that fails through a tunnel of a moment ago is tried once more', async (t) => {
  const failed = { status: { done: true, errorMessage: 'The host is not known' } }
  for (const fresh of [true, false]) {
    const upm = await startUpm(t, { outcome: failed })
    let said = ''
    const say = (text: string) => {
      said += text
      if (said.includes('once more')) upm.behaviour.outcome = undefined
    }
    const reporter = createReporter({ env: {}, out: say, err: say }, false)
    const registrar = createRegistrar([createUpmClient(loginFor(t, upm))], reporter, 1)
    await registrar.register({ ...registration, fresh }, signal)
    t.match(said, fresh ? /once more(?:.|\n)*registered on/ : /^problem +not registered on .*The host is not known/)
    await registrar.deregister('the-app', false, signal)
    t.equal(
      upm.requests.some(({ method }) => method === 'DELETE'),
      fresh,
      'only what was registered is deregistered'
    )
  }
})
