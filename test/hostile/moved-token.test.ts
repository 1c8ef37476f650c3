// connect.md 9.1, entry 10: a token for one method, path and query, presented at another.
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t, { routes: (app) => app.get('/other', async () => 'reached') })
})

t.test('a page token is good for its own address only', async (t) => {
  const { host } = scene
  const cases: [signed: string, sent: string, name: string][] = [
    ['/other', '/panel', 'another path'],
    ['/', '/panel', 'the root'],
    ['/panel?a=1', '/panel', 'a removed parameter'],
    ['/panel', '/panel?a=1', 'an added parameter'],
    ['/panel', '/panel?a', 'an added parameter without a value'],
    ['/panel', '/panel?=', 'an added parameter without a name'],
    ['/panel', '/panel?jwT=x', 'an added parameter that only looks like jwt'],
    ['/panel', '/panel?__proto__=x', 'an added prototype name'],
    ['/panel', '/panel?acpt=x', 'an added parameter of another framework'],
    ['/panel?a=1', '/panel?a=2', 'a changed value'],
    ['/panel?a=1', '/panel?A=1', 'a changed name'],
    ['/panel?a=1', '/panel?a=1&a=1', 'a doubled parameter'],
    ['/panel?a=1&a=2', '/panel?a=1', 'one of two values'],
    ['/panel?a=1&a=2', '/panel?a=1%2C2', 'a list written as one value'],
    ['/panel?a=1&a=2', '/panel?a=1,2', 'a list written with a plain comma'],
    ['/panel?a=1%2C2', '/panel?a=1&a=2', 'one value written as a list'],
    ['/panel?a=1&b=2', '/panel?a=1%26b%3D2', 'a separator hidden in a value'],
    ['/panel?a=1%26b%3D2', '/panel?a=1&b=2', 'a hidden separator made real'],
    ['/panel?a=1&b=2', '/panel?b=1&a=2', 'values changed over'],
    ['/panel?ids[]=1', '/panel?ids=1', 'brackets taken off'],
    ['/panel?ids=1', '/panel?ids[]=1', 'brackets put on'],
    ['/panel?a[b]=1', '/panel?a.b=1', 'another spelling of depth'],
    ['/panel?a=1', '/panel?a=1;b=2', 'a semicolon as a separator'],
    ['/panel?a=1', '/panel?a=%31%30', 'another value in percent spelling'],
    ['/panel?a=b%20c', '/panel?a=b%2520c', 'encoded twice'],
    ['/panel?a=%C3%A9', '/panel?a=e%CC%81', 'another way to write a letter with an accent']
  ]
  for (const [signed, sent, name] of cases) {
    const token = await host.sign.pageToken({ url: signed })
    await refuses(t, scene, withQuery(sent, token), undefined, `query: ${name}`)
    await refuses(t, scene, withHeader(sent, token), undefined, `header: ${name}`)
  }
})

t.test('another order and another spelling of the same parameters are the same request', async (t) => {
  const { app, host } = scene
  for (const [signed, sent] of [
    ['/panel?a=1&b=2', '/panel?b=2&a=1'],
    ['/panel?a=1&a=2', '/panel?a=2&a=1'],
    ['/panel?a=b%20c', '/panel?a=b+c'],
    ['/panel?a=%7e', '/panel?a=~'],
    ['/panel?a=', '/panel?a']
  ] as const) {
    const token = await host.sign.pageToken({ url: signed })
    t.equal((await app.inject(withQuery(sent, token))).statusCode, 200, `${signed} at ${sent}`)
  }
})

t.test('a token for one method is refused by every other', async (t) => {
  const { app, host } = scene
  const get = await host.sign.pageToken({ url: '/panel' })
  await refuses(t, scene, withQuery('/panel', get, 'POST'), undefined, 'GET at POST')
  const post = await host.sign.pageToken({ url: '/panel', method: 'POST' })
  await refuses(t, scene, withQuery('/panel', post), undefined, 'POST at GET')
  await refuses(t, scene, { ...withQuery('/panel', get, 'POST'), headers: { 'x-http-method-override': 'GET' } })
  await refuses(t, scene, { ...withQuery('/panel?_method=GET', get, 'POST') })
  const head = await app.inject({
    method: 'HEAD',
    url: `/session?jwt=${await host.sign.pageToken({ url: '/session' })}`
  })
  t.equal(head.statusCode, 401, 'GET at HEAD')
})

t.test('the hash of a form covers every field of it', async (t) => {
  const { app, host } = scene
  const token = await host.sign.pageToken({ method: 'POST', url: '/panel?a=1&b=2' })
  const good = form('/panel', `a=1&b=2&jwt=${token}`)
  t.equal((await app.inject(good)).statusCode, 200, 'the form that was signed')
  const cases = {
    'a changed field': form('/panel', `a=1&b=3&jwt=${token}`),
    'an added field': form('/panel', `a=1&b=2&c=3&jwt=${token}`),
    'a removed field': form('/panel', `a=1&jwt=${token}`),
    'a doubled field': form('/panel', `a=1&a=1&b=2&jwt=${token}`),
    'fields that are ignored because there is a query': form('/panel?x=1', `a=1&b=2&jwt=${token}`),
    'an empty form': form('/panel', `jwt=${token}`),
    'the token twice': form('/panel', `a=1&b=2&jwt=${token}&jwt=${token}`),
    'the token in the query too': form(`/panel?jwt=${token}`, `a=1&b=2&jwt=${token}`),
    'JSON of the same fields': {
      method: 'POST' as const,
      url: '/panel',
      headers: { 'content-type': 'application/json', authorization: `JWT ${token}` },
      payload: '{"a":"1","b":"2"}'
    },
    'the same fields as text': {
      method: 'POST' as const,
      url: '/panel',
      headers: { 'content-type': 'text/plain', authorization: `JWT ${token}` },
      payload: 'a=1&b=2'
    }
  }
  for (const [name, attack] of Object.entries(cases)) await refuses(t, scene, attack, undefined, name)
})

t.test('form fields never stand in for the query of a webhook or a life-cycle call', async (t) => {
  const { host, jira } = scene
  const webhook = await host.sign.webhookToken({ url: '/hook?a=1' })
  const call = form('/hook', 'a=1')
  const attack = { ...call, headers: { ...call.headers, authorization: `JWT ${webhook}` } }
  await refuses(t, scene, attack, undefined, 'webhook')
  await refuses(t, scene, form('/hook', `a=1&jwt=${webhook}`), undefined, 'webhook, token in the form')

  const install = await host.sign.installToken({ url: '/installed?a=1' })
  await refuses(t, scene, lifecycleCall(install, lifecycleBody(jira)), undefined, 'a life-cycle call without its query')
  const posted = form('/installed', 'a=1')
  const asForm = { ...posted, headers: { ...posted.headers, authorization: `JWT ${install}` } }
  await refuses(t, scene, asForm, undefined, 'a life-cycle call as a form')
})

t.test('a webhook token is good for its own address only', async (t) => {
  const { host, jira } = scene
  for (const [signed, sent] of [
    ['/enabled', '/hook'],
    ['/hook', '/own-webhook'],
    ['/hook', '/hook?issue=SECRET-1'],
    ['/hook?issue=TEA-1', '/hook?issue=TEA-2']
  ] as const) {
    const token = await host.sign.webhookToken({ url: signed })
    await refuses(t, scene, withHeader(sent, token, 'POST'), undefined, `${signed} at ${sent}`)
  }
  const token = await host.sign.webhookToken({ url: '/hook' })
  const body = lifecycleBody(jira, { eventType: 'disabled' })
  await refuses(t, scene, lifecycleCall(token, body, '/disabled'), undefined, '/hook at /disabled')
})

function form(url: string, payload: string) {
  return { method: 'POST' as const, url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload }
}
