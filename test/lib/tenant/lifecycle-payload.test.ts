import t from 'tap'
import { compileAllowedHosts, productionHosts } from '../../../lib/allowed-hosts.ts'
import { AtlassianError } from '../../../lib/errors.ts'
import { type LifecycleEventType, parseLifecyclePayload } from '../../../lib/tenant/lifecycle-payload.ts'
import { APP_KEY } from './make-tenant.ts'

const siteUrl = compileAllowedHosts(productionHosts).siteUrl
const body = {
  key: APP_KEY,
  clientKey: 'acme-client',
  sharedSecret: 'a secret that is long enough',
  baseUrl: 'https://acme.atlassian.net/',
  productType: 'jira',
  eventType: 'installed'
}

function parse(given: unknown, events: readonly LifecycleEventType[] = ['installed']) {
  return parseLifecyclePayload(given, events, { appKey: APP_KEY, siteUrl })
}

function failure(given: unknown, events?: readonly LifecycleEventType[]): [code: string, member?: unknown] | null {
  try {
    parse(given, events)
    return null
  } catch (error) {
    if (error instanceof AtlassianError) return [error.code, error.details.member]
    throw error
  }
}

t.test('the members that are used are read, and the rest is dropped', async (t) => {
  const payload = parse({
    ...body,
    displayUrl: 'https://jira.example.com',
    oauthClientId: 'client',
    entitlementNumber: 'E-1',
    installationId: 'ari:1',
    publicKey: 'mine',
    description: 'host text',
    accountId: 'ada'
  })
  t.equal(payload.sharedSecret?.reveal(), body.sharedSecret)
  t.same(
    { ...payload, sharedSecret: null },
    {
      eventType: 'installed',
      key: APP_KEY,
      clientKey: 'acme-client',
      baseUrl: 'https://acme.atlassian.net',
      product: 'jira',
      sharedSecret: null,
      displayUrl: 'https://jira.example.com',
      displayUrlServicedeskHelpCenter: null,
      oauthClientId: 'client',
      entitlementId: null,
      entitlementNumber: 'E-1',
      installationId: 'ari:1'
    }
  )
  t.ok(Object.isFrozen(payload))
})

t.test('a secret is taken from installed and from nothing else', async (t) => {
  for (const event of ['uninstalled', 'enabled', 'disabled'] as const) {
    t.equal(parse({ ...body, eventType: event }, [event]).sharedSecret, null, event)
  }
})

t.test('the product is what the body says, else what its address looks like', async (t) => {
  const product = (changes: object) => parse({ ...body, ...changes }).product
  t.equal(product({ productType: 'Confluence' }), 'confluence')
  t.equal(product({ productType: undefined }), 'jira')
  t.equal(product({ productType: undefined, baseUrl: 'https://acme.atlassian.net/wiki' }), 'confluence')
  t.same(failure({ ...body, productType: 'bitbucket' }), ['ATL_LIFECYCLE_BODY', 'productType'])
})

t.test('a body that is no complete object is refused, naming the member', async (t) => {
  for (const wrong of [undefined, null, '', 'text', 1, true, [], [body], Buffer.from('{}')]) {
    t.equal(failure(wrong)?.[0], 'ATL_LIFECYCLE_BODY', JSON.stringify(wrong) ?? 'undefined')
  }
  const values: unknown[] = [undefined, null, '', 1, {}, [], ['acme'], true, 'a\0b', 'a\nb', '\ud800', 'x'.repeat(5000)]
  for (const member of ['clientKey', 'sharedSecret', 'baseUrl', 'key', 'eventType']) {
    for (const value of values) {
      const [code, named] = failure({ ...body, [member]: value }) ?? []
      t.equal(code, 'ATL_LIFECYCLE_BODY', `${member}: ${JSON.stringify(value)?.slice(0, 20)}`)
      t.equal(named, member)
    }
  }
  for (const member of ['displayUrl', 'oauthClientId', 'installationId', 'entitlementId', 'productType']) {
    t.same(failure({ ...body, [member]: { length: 1 } }), ['ATL_LIFECYCLE_BODY', member])
    t.equal(failure({ ...body, [member]: '' }), null, `${member} may be empty`)
  }
})

t.test('a body about another app, event or site is refused', async (t) => {
  t.same(failure({ ...body, key: 'another.app' }), ['ATL_LIFECYCLE_BODY', 'key'])
  t.same(failure({ ...body, eventType: 'uninstalled' }), ['ATL_LIFECYCLE_BODY', 'eventType'])
  t.same(failure(body, []), ['ATL_LIFECYCLE_BODY', 'eventType'])
  t.same(failure({ ...body, clientKey: APP_KEY }), ['ATL_LIFECYCLE_BODY', 'clientKey'], 'our own issuer')
  for (const baseUrl of ['https://evil.example.com', 'http://acme.atlassian.net', 'https://acme.atlassian.net:8443']) {
    t.equal(failure({ ...body, baseUrl })?.[0], 'ATL_HOST_NOT_ALLOWED', baseUrl)
  }
})

t.test('a member that is only inherited does not count', async (t) => {
  const inherited: unknown = JSON.parse(`{"__proto__":${JSON.stringify(body)},"eventType":"installed"}`)
  t.equal(failure(inherited)?.[0], 'ATL_LIFECYCLE_BODY')
  t.equal(failure(Object.create(body, { eventType: { value: 'installed' } }))?.[0], 'ATL_LIFECYCLE_BODY')
})
