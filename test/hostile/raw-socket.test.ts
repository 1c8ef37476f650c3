// What only a real socket can carry: headers sent twice, other forms of the request target, line breaks in headers.
import { connect } from 'node:net'
import t from 'tap'
import { findConnect } from '../helpers/find-connect.ts'
import { installedApp, lifecycleBody } from './attack.ts'
import { listen, rawRequest, sendRaw } from './raw.ts'

const HOST = 'Host: app.example.com'

t.test('two Authorization headers are refused, whichever of them is good', async (t) => {
  const { app, host, reached } = await installedApp(t)
  const port = await listen(app)
  const good = `JWT ${await host.contextToken()}`
  const other = `JWT ${await host.contextToken({ site: 'confluence' })}`
  const pairs = [
    [good, good],
    [good, other],
    [good, 'Bearer something'],
    ['Basic something', good],
    ['', good],
    [good, '']
  ]
  for (const [first, second] of pairs) {
    const headers = [HOST, `Authorization: ${first}`, `authorization: ${second}`]
    const answer = await sendRaw(port, rawRequest('GET', '/api', headers))
    t.equal(answer.status, 401, `${first?.slice(0, 6)} and ${second?.slice(0, 6)}`)
  }
  t.strictSame(reached, [])
  const single = await sendRaw(port, rawRequest('GET', '/api', [HOST, `Authorization: ${good}`]))
  t.equal(single.status, 200, 'one of them alone is good')
})

t.test('two Authorization headers are refused by webhooks and life-cycle routes', async (t) => {
  const { app, host, jira, writes } = await installedApp(t)
  const port = await listen(app)
  for (const [url, token, body] of [
    ['/hook', await host.sign.webhookToken({ url: '/hook' }), '{"webhookEvent":"jira:issue_updated"}'],
    ['/installed', await host.sign.installToken(), JSON.stringify(lifecycleBody(jira, { sharedSecret: 'a-new-one' }))]
  ] as const) {
    const headers = [
      HOST,
      'Content-Type: application/json',
      `Authorization: JWT ${token}`,
      `AUTHORIZATION: JWT ${token}`
    ]
    t.equal((await sendRaw(port, rawRequest('POST', url, headers, body))).status, 401, url)
  }
  t.strictSame(writes, [])
})

t.test('a request target with scheme and host is hashed by its path, and its host means nothing', async (t) => {
  const { app, host } = await installedApp(t)
  const port = await listen(app)
  const token = await host.sign.pageToken({ url: '/panel' })
  for (const origin of ['http://app.example.com', 'https://evil.example.com', `http://127.0.0.1:${port}`]) {
    const answer = await sendRaw(port, rawRequest('GET', `${origin}/panel?jwt=${token}`, [HOST]))
    t.ok([200, 400, 404].includes(answer.status), `${origin}: ${answer.status}`)
    t.notMatch(answer.text, /evil/, 'the host of the target does not come back')
    const elsewhere = await sendRaw(port, rawRequest('GET', `${origin}/mixed?jwt=${token}`, [HOST]))
    t.ok([400, 401, 404].includes(elsewhere.status), `${origin}, another path: ${elsewhere.status}`)
  }
})

t.test('odd targets and broken requests are refused, and the server lives', async (t) => {
  const { app, host } = await installedApp(t)
  const port = await listen(app)
  const token = await host.contextToken()
  const authorization = `Authorization: JWT ${token}`
  const requests: Record<string, string | Buffer> = {
    'a target of a star': rawRequest('OPTIONS', '*', [HOST, authorization]),
    'an empty target': rawRequest('GET', '', [HOST, authorization]),
    'a target without a slash': rawRequest('GET', 'api', [HOST, authorization]),
    'a target of another authority': rawRequest('CONNECT', 'evil.example.com:443', [HOST, authorization]),
    'a target with a space': rawRequest('GET', '/api HTTP/1.1 /panel', [HOST, authorization]),
    'a target with NUL': rawRequest('GET', '/panel\u0000', [HOST, authorization]),
    'a target with raw bytes': Buffer.from(rawRequest('GET', '/panel?a=\xff\xfe', [HOST, authorization]), 'latin1'),
    'a target of 100 KB': rawRequest('GET', `/panel?a=${'x'.repeat(100_000)}`, [HOST, authorization]),
    'no host': rawRequest('GET', '/panel', [authorization]),
    'two hosts': rawRequest('GET', '/panel', [HOST, 'Host: evil.example.com', authorization]),
    'an unknown method': rawRequest('PURGE2', '/panel', [HOST, authorization]),
    'a header with NUL': rawRequest('GET', '/api', [HOST, 'Authorization: JWT \u0000x']),
    'a header with a line break': rawRequest('GET', '/api', [HOST, 'Authorization: JWT\r x']),
    'a folded header': rawRequest('GET', '/api', [HOST, `Authorization: JWT\r\n ${token}`]),
    'a space before the colon': rawRequest('GET', '/api', [HOST, `Authorization : JWT ${token}`]),
    'two lengths': rawRequest('POST', '/hook', [HOST, 'Content-Length: 2', authorization], '{"a":1}'),
    'length and chunks': rawRequest('POST', '/hook', [HOST, 'Transfer-Encoding: chunked', authorization], '0\r\n\r\n'),
    'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'
  }
  for (const [name, request] of Object.entries(requests)) {
    const answer = await sendRaw(port, request).catch(() => ({ status: 0, text: '' }))
    t.ok(answer.status === 0 || (answer.status >= 400 && answer.status < 500), `${name}: ${answer.status}`)
    t.notOk(answer.text.includes(token), `${name}: the token does not come back`)
  }
  t.equal((await sendRaw(port, rawRequest('GET', '/api', [HOST, authorization]))).status, 200, 'the server lives')
})

t.test('nothing of a request becomes a header of the answer', async (t) => {
  const { app, host } = await installedApp(t)
  const port = await listen(app)
  const token = await host.sign.pageToken({ url: '/panel?a=%0d%0aX-Injected:%201' })
  for (const target of [
    `/panel?a=%0d%0aX-Injected:%201&jwt=${token}`,
    '/panel?a=%0d%0aX-Injected:%201',
    '/nowhere%0d%0aX-Injected:%201'
  ]) {
    const answer = await sendRaw(port, rawRequest('GET', target, [HOST, 'Referer: x%0d%0aX-Injected: 1']))
    t.notMatch(answer.text.split('\r\n\r\n')[0], /^x-injected/im, target.slice(0, 40))
  }
})

t.test('a caller that goes away in the middle of a body leaves nothing behind', async (t) => {
  const { app, host, jira, store } = await installedApp(t)
  const port = await listen(app)
  const body = JSON.stringify(lifecycleBody(jira, { sharedSecret: 'a-new-one' }))
  const request = rawRequest(
    'POST',
    '/installed',
    [HOST, 'Content-Type: application/json', `Authorization: JWT ${await host.sign.installToken()}`],
    body
  )
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request.slice(0, -20), () => socket.destroy()))
    socket.on('close', () => resolve())
  })
  const good = await sendRaw(port, rawRequest('GET', '/public', [HOST]))
  t.equal(good.status, 200)
  t.equal((await findConnect(store, { clientKey: jira.clientKey })).sharedSecret.reveal(), jira.sharedSecret)
})
