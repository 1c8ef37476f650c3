import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { buildApp, testDescriptor } from '../helpers/app.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

t.test('the descriptor is served to anyone, as JSON, with its placeholders filled', async (t) => {
  const { app } = await buildApp(t, {
    host,
    environment: 'staging',
    descriptorMembers: {
      description: 'Runs in {{environment}}, {{environment}} at {{localBaseUrl}} as {{appKey}}',
      links: { self: '{{localBaseUrl}}/atlassian-connect.json' }
    },
    appKey: 'test-app'
  })
  const answer = await app.inject('/atlassian-connect.json')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
  t.match(answer.json(), {
    key: 'test-app',
    baseUrl: 'https://app.example.com',
    description: 'Runs in staging, staging at https://app.example.com as test-app',
    links: { self: 'https://app.example.com/atlassian-connect.json' },
    apiMigrations: { 'signed-install': true, 'context-qsh': true, gdpr: true }
  })
  t.strictSame(answer.json(), app.atlassian.descriptor)
  t.equal((await app.inject({ method: 'HEAD', url: '/atlassian-connect.json' })).statusCode, 200)
})

t.test('an unchanged descriptor is 304, another one is sent again', async (t) => {
  const { app } = await buildApp(t, { host })
  const { headers } = await app.inject('/atlassian-connect.json')
  t.equal(headers['cache-control'], 'no-cache')
  const etag = String(headers.etag)
  const url = '/atlassian-connect.json'
  const again = await app.inject({ url, headers: { 'if-none-match': etag } })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  t.equal(again.headers.etag, etag)
  t.equal((await app.inject({ url, headers: { 'if-none-match': '"other"' } })).statusCode, 200)
  const other = await buildApp(t, { host, descriptorMembers: { name: 'Other' } })
  t.not((await other.app.inject(url)).headers.etag, etag)
})

t.test('a validator in one of the other forms that HTTP knows is understood too', async (t) => {
  const { app } = await buildApp(t, { host })
  const url = '/atlassian-connect.json'
  const etag = String((await app.inject(url)).headers.etag)
  for (const value of [`W/${etag}`, `"a", ${etag}`, '*'])
    t.equal((await app.inject({ url, headers: { 'if-none-match': value } })).statusCode, 304, value)
})

t.test('a function and a transformer may make the descriptor', async (t) => {
  const { app } = await buildApp(t, {
    host,
    descriptor: async () => testDescriptor(),
    transformDescriptor: (descriptor) => ({ ...descriptor, name: `Made of ${descriptor.name}` })
  })
  t.equal((await app.inject('/atlassian-connect.json')).json().name, 'Made of Test')
})

t.test('a wrong descriptor stops the start and says where and why', async (t) => {
  for (const [members, where] of [
    [{ key: 'no spaces' }, /key /],
    [{ authentication: { type: 'oauth' } }, /authentication\.type /],
    [{ lifecycle: {} }, /lifecycle\.installed /],
    [{ lifecycle: { installed: 'https://other.example.com/installed' } }, /lifecycle\.installed /],
    [{ scopes: 'READ' }, /scopes /],
    [{ apiMigrations: { gdpr: 'yes' } }, /apiMigrations\.gdpr /],
    [{ modules: { webPanels: [{ key: 'a b', name: { value: 'A' }, url: '/a' }] } }, /modules\.webPanels\[0\]\.key /],
    [{ modules: { webPanels: [{ key: 'a', name: { value: 'A' } }] } }, /modules\.webPanels\[0\]\.url /],
    [{ baseUrl: '{{unknown}}' }, /baseUrl /]
  ] as const) {
    await t.rejects(buildApp(t, { host, descriptorMembers: members }), { code: 'ATL_DESCRIPTOR', message: where })
  }
  await t.rejects(buildApp(t, { host, descriptor: '/nowhere/atlassian-connect.json' }), { code: 'ATL_DESCRIPTOR' })
  await t.rejects(buildApp(t, { host, transformDescriptor: () => Promise.reject(new Error('no')) }), {
    code: 'ATL_DESCRIPTOR'
  })
})

t.test('warnings about the descriptor are in the log of the start', async (t) => {
  const { lines } = await buildApp(t, { host, descriptorMembers: { scopes: ['READ', 'TELEPORT'] } })
  t.ok(lines.some((line) => line.includes('TELEPORT')))
})
