// connect.md 9.1, entry 15: two tokens, lists of tokens, tokens in the wrong place, and other schemes.
import t from 'tap'
import { installedApp, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

t.test('whoever sends two tokens is refused, even if both are good', async (t) => {
  const { host } = scene
  const page = await host.sign.pageToken({ url: '/panel' })
  const context = await host.contextToken()
  const header = (token: string) => ({ authorization: `JWT ${token}` })
  const cases = {
    'query and header': { url: `/panel?jwt=${page}`, headers: header(page) },
    'query twice': { url: `/panel?jwt=${page}&jwt=${page}` },
    'query twice, the second empty': { url: `/panel?jwt=${page}&jwt=` },
    'query twice, the first empty': { url: `/panel?jwt=&jwt=${page}` },
    'an empty one in the query and a good one in the header': { url: '/panel?jwt=', headers: header(page) },
    'one without a value in the query': { url: '/panel?jwt', headers: header(page) },
    'a hidden spelling in the query': { url: `/panel?jwt=${page}&j%77t=${page}` },
    'a hidden spelling in the query and a header': { url: `/panel?%6a%77%74=${page}`, headers: header(page) },
    'context: query and header': { url: `/api?jwt=${context}`, headers: header(context) },
    'session route: both': { url: `/session?jwt=${context}`, headers: header(context) }
  }
  for (const [name, attack] of Object.entries(cases)) await refuses(t, scene, attack, undefined, name)
})

t.test('a form adds no second token and no second place', async (t) => {
  const { host } = scene
  const page = await host.sign.pageToken({ url: '/panel', method: 'POST' })
  const context = await host.contextToken()
  const form = (url: string, payload: string, authorization?: string) => ({
    method: 'POST' as const,
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization })
    },
    payload
  })
  t.equal((await scene.app.inject(form('/panel', `jwt=${page}`))).statusCode, 200, 'a page token in a form is good')
  const cases = {
    'form and query': form(`/panel?jwt=${page}`, `jwt=${page}`),
    'form and header': form('/panel', `jwt=${page}`, `JWT ${page}`),
    'form twice': form('/panel', `jwt=${page}&jwt=${page}`),
    'an empty one in the form, a good one in the header': form('/panel', 'jwt=', `JWT ${page}`),
    'context token in a form': form('/api', `jwt=${context}`),
    'as JSON': {
      method: 'POST' as const,
      url: '/panel',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ jwt: page })
    },
    'as a list in JSON': {
      method: 'POST' as const,
      url: '/panel',
      headers: { 'content-type': 'application/json', authorization: `JWT ${page}` },
      payload: JSON.stringify({ jwt: [page] })
    }
  }
  const { 'as a list in JSON': beside, ...attacks } = cases
  for (const [name, attack] of Object.entries(attacks)) await refuses(t, scene, attack, undefined, name)
  t.equal((await scene.app.inject(beside)).statusCode, 200, 'JSON is data of the app and no place for a token')
})

t.test('a webhook and a life-cycle call bring their token in the header', async (t) => {
  const { host } = scene
  const webhook = await host.sign.webhookToken({ url: '/hook' })
  await refuses(t, scene, withQuery('/hook', webhook, 'POST'), undefined, 'webhook')
  const own = await host.sign.webhookToken({ url: '/own-webhook' })
  await refuses(t, scene, withQuery('/own-webhook', own, 'POST'), undefined, 'webhook of the app')
  const enabled = await host.sign.webhookToken({ url: '/enabled' })
  await refuses(t, scene, withQuery('/enabled', enabled, 'POST'), undefined, 'enabled')
  const install = await host.sign.installToken()
  await refuses(t, scene, withQuery('/installed', install, 'POST'), undefined, 'installed')
})

t.test('the header is one scheme, one space and one token', async (t) => {
  const { app, host } = scene
  const token = await host.contextToken()
  const headers = [
    '',
    'JWT',
    'JWT ',
    token,
    ` ${token}`,
    `JWT  ${token}`,
    `JWT\t${token}`,
    `JWT${token}`,
    `JWT JWT ${token}`,
    `JWT ${token} ${token}`,
    `JWT ${token},${token}`,
    `JWT ${token}, JWT ${token}`,
    `JWT ${token};`,
    `JWT "${token}"`,
    `JWT token="${token}"`,
    `JWT:${token}`,
    `JWTS ${token}`,
    `Bearer ${token}`,
    `bearer ${token}`,
    `Bearer JWT ${token}`,
    `Basic ${Buffer.from(`jwt:${token}`).toString('base64')}`,
    `Token ${token}`,
    `DPoP ${token}`
  ]
  for (const authorization of headers) {
    const shown = authorization.replaceAll(token, '…')
    await refuses(t, scene, { url: '/api', headers: { authorization } }, undefined, JSON.stringify(shown))
  }
  for (const scheme of ['JWT', 'jwt', 'Jwt']) {
    const headers = { authorization: `${scheme} ${token}` }
    t.equal((await app.inject({ url: '/api', headers })).statusCode, 200, `the scheme "${scheme}" is good`)
  }
})

t.test('other frameworks and other headers are no place for a token', async (t) => {
  const context = await scene.host.contextToken()
  const session = (await scene.app.inject(withHeader('/atlassian/session', context, 'POST'))).json().token
  const cases = {
    'x-acpt': { url: '/session', headers: { 'x-acpt': session } },
    'acpt in the query': { url: `/session?acpt=${session}` },
    'token in the query': { url: `/session?token=${session}` },
    'access_token in the query': { url: `/api?access_token=${context}` },
    'another case': { url: `/api?JWT=${context}` },
    brackets: { url: `/api?jwt[]=${context}` },
    'a cookie': { url: '/api', headers: { cookie: `jwt=${context}; authorization=JWT ${context}` } },
    'proxy-authorization': { url: '/api', headers: { 'proxy-authorization': `JWT ${context}` } },
    'x-authorization': { url: '/api', headers: { 'x-authorization': `JWT ${context}` } },
    'the fragment': { url: `/api#jwt=${context}` },
    'the Forge headers': {
      url: '/api',
      headers: { authorization: `Bearer ${context}`, 'x-forge-oauth-system': context, 'x-forge-oauth-user': context }
    }
  }
  for (const [name, attack] of Object.entries(cases)) await refuses(t, scene, attack, undefined, name)
})

t.test('a token longer than 8 KB is refused before it is read', async (t) => {
  const { host } = scene
  const claims = { context: { padding: 'x'.repeat(9000) } }
  const token = await host.sign.contextToken({ claims })
  await refuses(t, scene, withHeader('/api', token))
})
