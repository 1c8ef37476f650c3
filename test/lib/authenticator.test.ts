import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } from 'atlassian-jwt'
import t from 'tap'
import { AFTER_BODY, createAuthenticator } from '../../lib/authenticator.ts'
import { AtlassianError } from '../../lib/errors.ts'
import type { TokenKind } from '../../lib/jwt/policy.ts'
import { type SignedRequest, silentLog } from '../../lib/ports.ts'
import { Secret } from '../../lib/secret.ts'
import type { Tenant } from '../../lib/tenant/tenant.ts'
import { createTenantDirectory } from '../../lib/tenant/tenant-directory.ts'
import type { TenantStore } from '../../lib/tenant/tenant-store.ts'
import { APP_KEY, makeTenant, SECRET, uninstalled } from './tenant/make-tenant.ts'

const NOW = 1_790_000_000

/** An authenticator on a store that holds one tenant at a time, as another process may change it. */
function setUp(first: Tenant | null = makeTenant()) {
  let stored = first
  let reads = 0
  let nowMs = NOW * 1000
  let failure: Error | null = null
  const store = {
    async find() {
      reads++
      await new Promise((resolve) => setImmediate(resolve))
      if (failure !== null) throw failure
      return stored
    }
  } as Partial<TenantStore> as TenantStore
  const clock = () => nowMs
  const directory = createTenantDirectory({ store, clock, log: silentLog, freshMs: 5000, maxTenants: 100 })
  const rules = {
    appKey: APP_KEY,
    clock,
    leewaySeconds: 30,
    maxLifetimeSeconds: 86_400,
    previousSecretSeconds: 900,
    sessionMaxHours: 12
  }
  const authenticator = createAuthenticator({ rules, basePaths: ['/tea'], needsBasePath: false, directory })
  return {
    authenticator,
    directory,
    reads: () => reads,
    pass(seconds: number) {
      nowMs += seconds * 1000
    },
    write(tenant: Tenant | null) {
      stored = tenant
    },
    fail(error: Error | null) {
      failure = error
    },
    /** What happened: a kind of token, `after-body`, or the reason of the refusal. */
    async ask(request: Partial<SignedRequest>, kinds: readonly TokenKind[] = ['page']): Promise<string> {
      try {
        const whole = { method: 'GET', url: '/panel', authorization: [], contentType: undefined, ...request }
        const answer = await authenticator.authenticate(whole, kinds)
        return answer === AFTER_BODY ? 'after-body' : answer.connect.tokenKind
      } catch (error) {
        if (error instanceof AtlassianError) return error.reason
        throw error
      }
    }
  }
}

function token(url: string, changes: object = {}, secret = SECRET): string {
  const qsh = createQueryStringHash(fromMethodAndUrl('get', url))
  return encodeSymmetric({ iss: 'acme-client', sub: 'ada', iat: NOW, exp: NOW + 180, qsh, ...changes }, secret)
}

const context = (changes: object = {}, secret = SECRET) => token('/', { qsh: 'context-qsh', ...changes }, secret)
const header = (text: string) => ({ authorization: [`JWT ${text}`] })

t.test('a warm request is answered at once and reads no store', async (t) => {
  const { authenticator, ask, reads } = setUp()
  t.equal(await ask(header(token('/panel'))), 'page')
  t.equal(reads(), 1)
  const request = { method: 'GET', url: '/panel', authorization: [`JWT ${token('/panel')}`], contentType: undefined }
  const answer = authenticator.authenticate(request, ['page'])
  t.notOk(answer instanceof Promise)
  t.equal(reads(), 1)
})

t.test('a secret that another process rotated is found, by all who come at the same time', async (t) => {
  const { ask, write, reads } = setUp()
  t.equal(await ask(header(context()), ['context']), 'context')
  write(makeTenant({ sharedSecret: new Secret('rotated'), secretVersion: 2, version: 2 }))
  const all = Array.from({ length: 20 }, () => ask(header(context({}, 'rotated')), ['context']))
  t.same(new Set(await Promise.all(all)), new Set(['context']))
  t.equal(reads(), 2)
})

t.test('wrong signatures make the store be asked at most once a second', async (t) => {
  const { ask, reads, pass } = setUp()
  await ask(header(token('/panel')))
  for (let i = 0; i < 50; i++) t.equal(await ask(header(token('/panel', {}, `guess ${i}`))), 'signature')
  t.equal(reads(), 2)
  pass(1)
  await ask(header(token('/panel', {}, 'another guess')))
  t.equal(reads(), 3)
})

t.test('unknown issuers make the store be asked a bounded number of times', async (t) => {
  const { ask, reads } = setUp(null)
  for (let i = 0; i < 50; i++) t.equal(await ask(header(token('/panel'))), 'tenant-unknown')
  t.ok(reads() <= 2, `${reads()}`)
})

t.test('a tenant that was installed a moment ago by another process is found', async (t) => {
  const { ask, write, pass } = setUp(null)
  t.equal(await ask(header(token('/panel'))), 'tenant-unknown')
  write(makeTenant())
  pass(1)
  t.equal(await ask(header(token('/panel'))), 'page')
})

t.test('a tenant that came back to life in another process is let in', async (t) => {
  const gone = uninstalled(makeTenant())
  const { ask, write } = setUp(gone)
  t.equal(await ask(header(token('/panel'))), 'tenant-not-installed')
  write(makeTenant({ version: 2 }))
  t.equal(await ask(header(token('/panel'))), 'page')
})

t.test('a store that fails is no verdict on the token, and a tenant in memory goes on', async (t) => {
  const { ask, fail, pass } = setUp()
  fail(new Error('database is away'))
  t.equal(await ask(header(token('/panel'))), 'tenant-read')
  fail(null)
  t.equal(await ask(header(token('/panel'))), 'page')
  fail(new Error('database is away'))
  pass(6)
  t.equal(await ask(header(token('/panel'))), 'page')
  pass(6)
  t.equal(await ask(header(token('/panel'))), 'tenant-read', 'but not for ever')
})

t.test('a remembered token ends with its time, its place and its policy', async (t) => {
  const { ask, pass } = setUp()
  const text = context({ exp: NOW + 20 })
  t.equal(await ask(header(text), ['context']), 'context')
  t.equal(await ask(header(text), ['context']), 'context')
  t.equal(await ask(header(text), ['page']), 'token-kind')
  t.equal(await ask(header(text), ['webhook']), 'token-kind')
  t.equal(await ask(header(text), ['context', 'session']), 'context')
  t.equal(await ask({ url: `/panel?jwt=${text}`, ...header(text) }, ['context']), 'several-tokens')
  const form = { method: 'POST', contentType: 'application/x-www-form-urlencoded', form: { jwt: text } }
  t.equal(await ask(form, ['page', 'context']), 'token-place')
  pass(51)
  t.equal(await ask(header(text), ['context']), 'expired')
})

t.test('a form is waited for only where its fields may count', async (t) => {
  const { ask } = setUp()
  const form = { method: 'POST', contentType: 'application/x-www-form-urlencoded' }
  const text = encodeSymmetric(
    {
      iss: 'acme-client',
      iat: NOW,
      exp: NOW + 180,
      qsh: createQueryStringHash(fromMethodAndUrl('post', '/panel?a=1&list=x&list=y'))
    },
    SECRET
  )
  t.equal(await ask({ ...form, ...header(text) }), 'after-body')
  const fields = { a: '1', list: ['y', 'x'] }
  t.equal(await ask({ ...form, form: { ...fields, jwt: text } }), 'page')
  t.equal(await ask({ ...form, ...header(text), form: fields }), 'page')
  t.equal(await ask({ ...form, ...header(text), form: { ...fields, b: '2' } }), 'hash')
  t.equal(await ask({ ...form, ...header(text), form: { ...fields, b: { c: 1 } } }), 'form')
  t.equal(await ask({ ...form, form: {} }), 'token-missing')
  t.equal(await ask({ ...form, ...header(text) }, ['webhook']), 'hash', 'a webhook never waits')
  t.equal(await ask({ ...form, ...header(context()) }, ['context']), 'context', 'nor does a call of a page')
  t.equal(await ask({ ...header(text), contentType: form.contentType }), 'hash', 'GET has no form')
})

t.test('the path of the base URL is no part of the hash', async (t) => {
  const { ask } = setUp()
  t.equal(await ask({ url: '/tea/panel?a=1', ...header(token('/panel?a=1')) }), 'page')
  t.equal(await ask({ url: '/teapot/panel', ...header(token('/pot/panel')) }), 'hash')
  t.equal(await ask({ url: '/panel?a=%ff', ...header(token('/panel')) }), 'url')
})
