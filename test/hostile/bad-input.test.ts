// Input that no host sends: missing, malformed, oversized, deep, with names of prototypes and half characters.
import t from 'tap'
import {
  BAD_LIFECYCLE_BODY,
  installedApp,
  lifecycleBody,
  lifecycleCall,
  refuses,
  withHeader,
  withQuery
} from './attack.ts'

const TEN_MEGABYTES = 10 * 1024 * 1024

t.test('a body that is too large is refused quickly, with and without a token', async (t) => {
  const scene = await installedApp(t)
  const { app, host } = scene
  const huge = `"${'x'.repeat(TEN_MEGABYTES)}"`
  const json = { 'content-type': 'application/json' }
  const cases = [
    ['/installed', await host.sign.installToken()],
    ['/enabled', await host.sign.webhookToken({ url: '/enabled' })],
    ['/hook', await host.sign.webhookToken({ url: '/hook' })],
    ['/panel', await host.sign.pageToken({ url: '/panel', method: 'POST' })],
    ['/api', await host.contextToken()]
  ] as const
  for (const [url, token] of cases) {
    const started = performance.now()
    const bare = await app.inject({ method: 'POST', url, headers: json, payload: huge })
    t.equal(bare.statusCode, 401, `${url} without a token`)
    const headers = { ...json, authorization: `JWT ${token}` }
    const signed = await app.inject({ method: 'POST', url, headers, payload: huge })
    t.equal(signed.statusCode, 413, `${url} with a token`)
    t.ok(performance.now() - started < 2000, `${url}: quickly`)
    t.strictSame(scene.writes, [], `${url}: nothing was written`)
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const posted = await app.inject({ method: 'POST', url: '/panel', headers: form, payload: `a=${huge}` })
  t.equal(posted.statusCode, 413, 'a form that might hold the token')
})

t.test('JSON that is broken is a 400 after the token was checked, and a 401 before', async (t) => {
  const scene = await installedApp(t)
  const { app, host } = scene
  for (const payload of ['{', '{"a":}', 'undefined', '\u0000', '{"a":1}}', "{'a':1}", '\ufeff{', '[1,]', '{"a":01}']) {
    const name = JSON.stringify(payload)
    const bare = await app.inject(lifecycleCall(null, payload))
    t.equal(bare.statusCode, 401, `installed without a token: ${name}`)
    const install = await app.inject(lifecycleCall(await host.sign.installToken(), payload))
    t.equal(install.statusCode, 400, `installed: ${name}`)
    const webhook = await host.sign.webhookToken({ url: '/hook' })
    const call = lifecycleCall(webhook, payload, '/hook')
    const answer = await app.inject(call)
    t.equal(answer.statusCode, 400, `webhook: ${name}`)
    t.notMatch(answer.body + install.body, new RegExp(webhook.slice(-20)))
    t.strictSame(scene.writes, [], `${name}: nothing was written`)
  }
})

t.test('a body that is missing, or of a type that hosts do not send, is refused', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira } = scene
  const body = JSON.stringify(lifecycleBody(jira))
  const types = [
    undefined,
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/json; x',
    '*'
  ]
  for (const type of types) {
    const headers = {
      authorization: `JWT ${await host.sign.installToken()}`,
      ...(type === undefined ? {} : { 'content-type': type })
    }
    const answer = await app.inject({ method: 'POST', url: '/installed', headers, payload: body })
    t.ok([204, 400, 415].includes(answer.statusCode), `${type}: ${answer.statusCode}`)
  }
  const headers = { authorization: `JWT ${await host.sign.installToken()}` }
  await refuses(t, scene, { method: 'POST', url: '/installed', headers }, BAD_LIFECYCLE_BODY, 'no body at all')
})

t.test('names of prototypes in claims, fields, parameters and JSON are names', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira } = scene
  const nowSeconds = scene.clock() / 1000
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    const good = { iss: jira.clientKey, qsh: 'context-qsh', iat: nowSeconds, exp: nowSeconds + 60 }
    const hidden = host.sign.custom(
      { alg: 'HS256', typ: 'JWT' },
      `{"${name}":${JSON.stringify(good)}}`,
      jira.sharedSecret
    )
    await refuses(t, scene, withHeader('/api', hidden), undefined, `claims under ${name}`)
    const header = host.sign.custom(`{"${name}":{"alg":"HS256"}}`, good, jira.sharedSecret)
    await refuses(t, scene, withHeader('/api', header), undefined, `header under ${name}`)

    const page = await host.sign.pageToken({ url: '/panel' })
    await refuses(t, scene, withQuery(`/panel?${name}=1`, page), undefined, `an added parameter ${name}`)

    const form = await app.inject({
      method: 'POST',
      url: '/panel',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `${name}=1&jwt=${await host.sign.pageToken({ url: '/panel', method: 'POST' })}`
    })
    t.ok([200, 401].includes(form.statusCode), `a form with ${name}: ${form.statusCode}`)

    const webhook = await host.sign.webhookToken({ url: '/hook' })
    const call = lifecycleCall(webhook, `{"webhookEvent":"${name}","${name}":{"polluted":true}}`, '/hook')
    t.ok([204, 400].includes((await app.inject(call)).statusCode), `a webhook with ${name}`)
    t.equal(Reflect.get({}, 'polluted'), undefined, 'no prototype was changed')
  }
})

t.test('half characters and bytes that are no text are refused and never a 500', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const token = await host.sign.pageToken({ url: '/panel' })
  for (const query of ['a=%ff', 'a=%ed%a0%80', 'a=%', 'a=%zz', '%c3=1', 'a=%e2%82', '%ed%b0%80=x', 'jwt=%ff']) {
    await refuses(t, scene, withHeader(`/panel?${query}`, token), undefined, query)
  }
  await refuses(t, scene, { url: '/panel?jwt=%ff%fe' }, undefined, 'a token of such bytes')
  const nowSeconds = scene.clock() / 1000
  const rest = `"qsh":"context-qsh","iat":${nowSeconds},"exp":${nowSeconds + 60}`
  for (const claims of [
    `{"iss":"${jira.clientKey}\\ud800",${rest}}`,
    `{"iss":"${jira.clientKey}","sub":"\\udfff",${rest}}`,
    `{"iss":"\\u0000${jira.clientKey}",${rest}}`
  ]) {
    const half = host.sign.custom({ alg: 'HS256', typ: 'JWT' }, claims, jira.sharedSecret)
    await refuses(t, scene, withHeader('/api', half), undefined, claims.slice(0, 60))
  }
})

t.test('deep JSON ends no process and is never a 500', async (t) => {
  const scene = await installedApp(t)
  const { app, host, jira } = scene
  const nowSeconds = scene.clock() / 1000
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  const claims = `{"iss":"${jira.clientKey}","qsh":"context-qsh","iat":${nowSeconds},"exp":${nowSeconds + 60},"context":{"x":${deep(2900)}}}`
  const token = host.sign.custom({ alg: 'HS256', typ: 'JWT' }, claims, jira.sharedSecret)
  t.ok([200, 401].includes((await app.inject(withHeader('/api', token))).statusCode), 'in the claims')

  const body = JSON.stringify(lifecycleBody(jira)).replace(/\}$/, `,"x":${deep(100_000)}}`)
  const install = await app.inject(lifecycleCall(await host.sign.installToken(), body))
  t.ok([204, 400].includes(install.statusCode), `in a life-cycle body: ${install.statusCode}`)

  const webhook = await host.sign.webhookToken({ url: '/hook' })
  const payload = `{"webhookEvent":"jira:issue_updated","x":${deep(200_000)}}`
  const delivered = await app.inject(lifecycleCall(webhook, payload, '/hook'))
  t.ok([204, 400].includes(delivered.statusCode), `in a webhook: ${delivered.statusCode}`)
  t.equal((await host.openPage('panel')).status, 200, 'a good page is served afterwards')
})

t.test('the hash covers every parameter, however many there are', async (t) => {
  const scene = await installedApp(t)
  const { app, host } = scene
  for (const count of [1000, 1001, 1500]) {
    const query = Array.from({ length: count }, (_, index) => `p${index}=${index}`).join('&')
    const token = await host.sign.pageToken({ url: `/panel?${query}` })
    const authorization = { headers: { authorization: `JWT ${token}` } }
    const good = await app.inject({ url: `/panel?${query}`, ...authorization })
    t.equal(good.statusCode, 200, `${count} parameters that are signed`)
    await refuses(t, scene, { url: `/panel?${query}&admin=1`, ...authorization }, undefined, `${count}, one added`)
    const changed = query.replace(/=\d+$/, '=changed')
    await refuses(t, scene, { url: `/panel?${changed}`, ...authorization }, undefined, `${count}, the last one changed`)
  }
  const fields = Array.from({ length: 1200 }, (_, index) => `p${index}=${index}`).join('&')
  const token = await host.sign.pageToken({ method: 'POST', url: `/panel?${fields}` })
  const form = (payload: string) => ({
    method: 'POST' as const,
    url: '/panel',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload
  })
  t.equal((await app.inject(form(`${fields}&jwt=${token}`))).statusCode, 200, '1,200 fields that are signed')
  await refuses(t, scene, form(`${fields}&jwt=${token}&admin=1`), undefined, 'one field added behind the token')
})

t.test('a stranger sees 401 and not what a schema of the route thinks of the input', async (t) => {
  const schema = {
    querystring: { type: 'object', required: ['id'], properties: { id: { type: 'integer', default: 7 } } },
    body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
  }
  const scene = await installedApp(t, {
    routes(app) {
      app.post('/strict', { schema }, async () => ({ done: true }))
      app.get('/coerced', { schema: { querystring: schema.querystring } }, async (request) => request.query)
    }
  })
  const { app, host } = scene
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    const attack = { method: 'POST' as const, url: '/strict?id=word', headers: { 'content-type': type }, payload: '{}' }
    await refuses(t, scene, attack, undefined, type)
  }
  const token = await host.sign.pageToken({ url: '/coerced?id=08' })
  const answer = await app.inject(withQuery('/coerced?id=08', token))
  t.strictSame(
    [answer.statusCode, answer.json().id],
    [200, 8],
    'a value that the schema changes is hashed as it was sent'
  )
})

t.test('identifiers of deliveries that no column bears are taken as none', async (t) => {
  const { app, host, writes } = await installedApp(t, { webhooks: { mode: 'await' } })
  for (const identifier of ['x'.repeat(5000), 'a\tb', '%00', "'; drop table tenants; --", '__proto__']) {
    const headers = {
      authorization: `JWT ${await host.sign.webhookToken({ url: '/hook' })}`,
      'content-type': 'application/json',
      'x-atlassian-webhook-identifier': identifier,
      'x-atlassian-webhook-retry': '-1e999'
    }
    const answer = await app.inject({ method: 'POST', url: '/hook', headers, payload: '{}' })
    t.equal(answer.statusCode, 204, identifier.slice(0, 30))
  }
  t.equal(writes.filter((write) => write.startsWith('inbox')).length, 5)
})
