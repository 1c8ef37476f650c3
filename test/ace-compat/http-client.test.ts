import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { type AceCallback, type AceHttpClient, type AceHttpResponse, type Addon, ace } from 'fastify-atlassian/ace'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { installed } from '../plugins/lifecycle-sender.ts'

let addon: Addon | undefined
/** What the handler of the next request does with its client. */
let work: (request: FastifyRequest) => unknown = () => undefined
const { app, host, lines } = await buildApp(t, {
  descriptorMembers: { scopes: ['READ', 'WRITE', 'ACT_AS_USER'] },
  routes(app) {
    const made = ace(app)
    addon = made
    app.get('/work', { preHandler: made.authenticate() }, async (request) => ({ done: await work(request) }))
  }
})
await installed(host, app)
const { clientKey, baseUrl } = host.site()

async function onRequest<Result>(
  does: (client: AceHttpClient, request: FastifyRequest) => Promise<Result>
): Promise<Result> {
  let result: Promise<Result> | undefined
  work = (request) => {
    if (addon === undefined) throw new Error('addon')
    result = does(addon.httpClient(request), request)
    return result.then(
      () => 'well',
      () => 'badly'
    )
  }
  await app.inject(`/work?jwt=${await host.sign.pageToken({ url: '/work', user: 'Ada' })}`)
  if (result === undefined) throw new Error('the handler did not run')
  return result
}

function job(): AceHttpClient {
  if (addon === undefined) throw new Error('addon')
  return addon.httpClient({ clientKey })
}

/** One call in callback style: what the callback was told. */
function told(call: (callback: AceCallback) => unknown): Promise<[Error | null, AceHttpResponse | undefined, unknown]> {
  return new Promise((resolve) => {
    call((error, response, body) => resolve([error, response, body]))
  })
}

/** What the host got last. */
function lastCall() {
  const call = host.exchanges.findLast(({ direction, kind }) => direction === 'to-host' && kind === 'rest')
  if (call === undefined) throw new Error('the host was not called')
  return call
}

t.test('every status is an answer for a callback, and the body is text unless JSON is asked for', async (t) => {
  const [error, response, body] = await told((callback) => job().get('/rest/api/3/issue/TEA-1', callback))
  t.equal(error, null)
  t.match(response, { statusCode: 200, headers: { 'content-type': /json/ }, body })
  t.match(JSON.parse(String(body)), { key: 'TEA-1' })
  const [, , parsed] = await told((callback) => job().get({ url: '/rest/api/3/issue/TEA-1', json: true }, callback))
  t.match(parsed, { key: 'TEA-1' })
  const [none, missing] = await told((callback) => job().get({ uri: '/rest/api/3/issue/NO-1', json: true }, callback))
  t.equal(none, null)
  t.equal(missing?.statusCode, 404)
  const [, bytes] = await told((callback) => job().get({ url: '/rest/api/3/issue/TEA-1', encoding: null }, callback))
  t.ok(Buffer.isBuffer(bytes?.body))
  const [outside, nothing] = await told((callback) => job().get('https://evil.example.com/steal', callback))
  t.match(outside, { code: 'ATL_HOST_ADDRESS' })
  t.equal(nothing, undefined)
})

t.test('without a callback the promise is the body, and a refusal rejects', async (t) => {
  t.match(await job().get('/rest/api/3/issue/TEA-1'), { key: 'TEA-1' })
  await t.rejects(job().get('/rest/api/3/issue/NO-1'), { name: 'HostError', status: 404 })
  t.ok(Buffer.isBuffer(await job().get({ url: '/rest/api/3/issue/TEA-1', encoding: null })))
  t.match(await job().head('/rest/api/3/issue/TEA-1'), { 'content-type': /json/ })
  await t.rejects(job().del({ url: '/rest/api/3/issue/NO-1' }), { name: 'HostError' })
})

t.test('queries, JSON and forms go out as ACE sent them', async (t) => {
  await told((callback) =>
    job().get({ url: '/rest/api/3/search/jql?old=1', qs: { jql: 'project = TEA', n: [1, 2] } }, callback)
  )
  t.equal(new URL(lastCall().url).search, '?jql=project+%3D+TEA&n=1&n=2')
  await told((callback) =>
    job().put({ url: '/rest/api/3/issue/TEA-1', json: { fields: { summary: 'New' } } }, callback)
  )
  t.match(lastCall(), {
    method: 'PUT',
    requestBody: '{"fields":{"summary":"New"}}',
    requestHeaders: { 'content-type': 'application/json' }
  })
  await told((callback) => job().post({ url: '/rest/api/3/thing', json: true, body: { a: 1 } }, callback))
  t.equal(lastCall().requestBody, '{"a":1}')
  await told((callback) =>
    job().post({ url: '/rest/api/3/thing', urlEncodedFormData: { a: 1, b: ['x', 'y'] } }, callback)
  )
  t.equal(lastCall().requestBody, 'a=1&b=x&b=y')
  await told((callback) =>
    job().patch({ url: '/rest/api/3/thing', body: 'text', headers: { 'content-type': 'text/csv' } }, callback)
  )
  t.match(lastCall(), { method: 'PATCH', requestBody: 'text', requestHeaders: { 'content-type': 'text/csv' } })
})

t.test('uploads are multipart forms of bytes, texts and streams', async (t) => {
  const url = '/rest/api/3/issue/TEA-1/attachments'
  const bodies: Record<string, Parameters<AceHttpClient['post']>[0]> = {
    bytes: {
      url,
      multipartFormData: { file: [Buffer.from('cups'), { filename: 'cups.csv', contentType: 'text/csv' }] }
    },
    stream: {
      url,
      multipartFormData: { file: [Readable.from([Buffer.from('cups')]), { filename: 'cups.csv' }], comment: 'x' }
    },
    'the old name': { url, form: { file: [Buffer.from('cups'), 'cups.csv'] } }
  }
  for (const [name, options] of Object.entries(bodies)) {
    const [error, response, body] = await told((callback) => job().post({ ...Object(options), json: true }, callback))
    t.equal(error, null, name)
    t.equal(response?.statusCode, 200, name)
    t.match(body, [{ filename: 'cups.csv', size: 4 }], name)
  }
  t.match(await job().post(bodies.bytes ?? ''), [{ filename: 'cups.csv' }], 'and as a promise')
})

t.test('a user is somebody: the one of the request, the one that a job names, or an error', async (t) => {
  const [ada, bo] = host.users
  const me = async (client: AceHttpClient) => Reflect.get(Object(await client.get('/rest/api/3/myself')), 'accountId')
  t.equal(await onRequest((client) => me(client.asUserByAccountId(ada?.accountId ?? ''))), ada?.accountId)
  await t.rejects(
    onRequest(async (client) => client.asUserByAccountId(bo?.accountId ?? '')),
    { code: 'ATL_IMPERSONATION' }
  )
  t.equal(
    await onRequest((client) => me(client.asUserByAccountId(bo?.accountId ?? '', { impersonate: true }))),
    bo?.accountId
  )
  await t.rejects(
    onRequest(async (client) => client.asUserByAccountId('')),
    { code: 'ATL_NO_USER' }
  )
  await t.rejects(
    onRequest(async (client) => client.asUserByAccountId(undefined as never)),
    { code: 'ATL_NO_USER' }
  )
  t.equal(await me(addon?.httpClient({ clientKey, userAccountId: bo?.accountId ?? '' }) ?? job()), bo?.accountId)
  t.throws(() => job().asUser('admin'), { message: /asUserByAccountId/ })
  t.throws(() => addon?.httpClient({ clientKey, userKey: 'admin' } as never), { message: /userAccountId/ })
  t.throws(() => addon?.httpClient({ clientKey: '' }), { code: 'ATL_NO_TENANT' })
})

t.test('request.context.http is the same client, and anonymous calls bring nothing', async (t) => {
  t.match(await onRequest(async (_client, request) => request.context.http?.get('/rest/api/3/issue/TEA-1')), {
    key: 'TEA-1'
  })
  await told((callback) => job().get({ url: `${baseUrl}/rest/api/3/serverInfo`, anonymous: true }, callback))
  t.equal(lastCall().tokenKind, null)
})

t.test('an option without effect is refused, and a callback that throws is told to the log', async (t) => {
  await t.rejects(job().get({ url: '/x', strictSSL: false } as never), { code: 'ATL_OPTION', message: /strictSSL/ })
  const [error] = await told((callback) => job().post({ url: '/x', body: { a: 1 } }, callback))
  t.match(error, { message: /json: true/ })
  await t.rejects(
    job().get('/rest/api/3/issue/TEA-1', () => {
      throw new Error('thrown in a callback')
    }),
    { message: 'thrown in a callback' }
  )
  t.match(lines.join(''), /thrown in a callback.*a callback of httpClient failed/)
})
