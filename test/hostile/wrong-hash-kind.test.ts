// connect.md 9.1, entries 9 and 11: the fixed hash text where a computed hash is due, no hash at all, and the reverse.
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

t.test('the text `context-qsh` opens no life-cycle route, webhook or page', async (t) => {
  const { host, jira } = scene
  for (const eventType of ['installed', 'uninstalled']) {
    const url = `/${eventType}`
    const install = await host.sign.installToken({ url, claims: { qsh: 'context-qsh' } })
    const body = lifecycleBody(jira, { eventType, sharedSecret: 'taken-over-by-a-stranger' })
    await refuses(t, scene, lifecycleCall(install, body, url), undefined, `install token, ${url}`)
    await refuses(t, scene, lifecycleCall(await host.contextToken(), body, url), undefined, `context token, ${url}`)
  }
  const context = await host.contextToken()
  await refuses(t, scene, withHeader('/hook', context, 'POST'), undefined, 'webhook')
  await refuses(t, scene, withHeader('/own-webhook', context, 'POST'), undefined, 'webhook of the app')
  for (const eventType of ['enabled', 'disabled']) {
    const body = lifecycleBody(jira, { eventType })
    await refuses(t, scene, lifecycleCall(context, body, `/${eventType}`), undefined, eventType)
  }
  await refuses(t, scene, withQuery('/panel', context), undefined, 'page, query')
  await refuses(t, scene, withHeader('/panel', context), undefined, 'page, header')
  await refuses(t, scene, form('/panel', { jwt: context }), undefined, 'page, form')
})

t.test('a token without a hash is refused everywhere', async (t) => {
  const { host, jira } = scene
  for (const qsh of [undefined, null, '', 0, false, [], {}, ['context-qsh'], { toString: 'context-qsh' }]) {
    const name = `qsh ${JSON.stringify(qsh)}`
    const claims = { qsh }
    const page = await host.sign.pageToken({ url: '/panel', claims })
    await refuses(t, scene, withQuery('/panel', page), undefined, `page, ${name}`)
    const context = await host.sign.contextToken({ claims })
    await refuses(t, scene, withHeader('/api', context), undefined, `context, ${name}`)
    await refuses(t, scene, withHeader('/session', context), undefined, `session, ${name}`)
    await refuses(t, scene, withHeader('/mixed', context), undefined, `list, ${name}`)
    const webhook = await host.sign.webhookToken({ url: '/hook', claims })
    await refuses(t, scene, withHeader('/hook', webhook, 'POST'), undefined, `webhook, ${name}`)
    const install = await host.sign.installToken({ claims })
    const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
    await refuses(t, scene, lifecycleCall(install, body), undefined, `install, ${name}`)
  }
})

t.test('what only looks like the fixed text is not it', async (t) => {
  for (const qsh of ['CONTEXT-QSH', 'context-qsh ', ' context-qsh', 'context-qsh\u0000', 'context_qsh', 'context-qs']) {
    const token = await scene.host.sign.contextToken({ claims: { qsh } })
    await refuses(t, scene, withHeader('/api', token), undefined, JSON.stringify(qsh))
  }
})

t.test('the token of a page is no key to the API behind it, not even when it was made for the address', async (t) => {
  const { host } = scene
  for (const url of ['/panel', '/api']) {
    const page = await host.sign.pageToken({ url })
    await refuses(t, scene, withHeader('/api', page), undefined, `header, page of ${url}`)
    await refuses(t, scene, withQuery('/api', page), undefined, `query, page of ${url}`)
  }
  const ofSession = await host.sign.pageToken({ url: '/session' })
  await refuses(t, scene, withHeader('/session', ofSession), undefined, 'session')
  const refresh = await host.sign.pageToken({ url: '/atlassian/session', method: 'POST' })
  await refuses(t, scene, withHeader('/atlassian/session', refresh, 'POST'), undefined, 'the way to session tokens')
})

t.test('a list of policies lets each token pass by its own rule only', async (t) => {
  const { app, host } = scene
  const good = await host.sign.pageToken({ url: '/mixed' })
  t.equal((await app.inject(withQuery('/mixed', good))).statusCode, 200, 'a page token of this address')
  t.equal((await app.inject(withHeader('/mixed', await host.contextToken()))).statusCode, 200, 'a context token')
  const elsewhere = await host.sign.pageToken({ url: '/panel' })
  await refuses(t, scene, withQuery('/mixed', elsewhere), undefined, 'a page token of another address')
  await refuses(
    t,
    scene,
    form('/mixed', { jwt: await host.contextToken() }, 'GET'),
    undefined,
    'a context token in a form'
  )
})

function form(url: string, fields: Record<string, string>, method: 'GET' | 'POST' = 'POST') {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method, url, headers, payload: new URLSearchParams(fields).toString() }
}
