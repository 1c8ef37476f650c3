// A full tour of an app's life at log level trace: no secret, token or signature in any line or answer.

import { inspect } from 'node:util'
import Fastify, { type InjectOptions } from 'fastify'
import { connectPlugin, requestSerializer } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { APP_KEY, type AppOverrides, BASE_URL, buildApp, type TestApp, testDescriptor } from '../helpers/app.ts'
import { lifecycleBody, lifecycleCall, withHeader, withQuery } from './attack.ts'

interface Tour {
  readonly secrets: string[]
  readonly tokens: string[]
  readonly answers: string[]
}

/** Install, pages, API calls, refusals, failures, webhooks, calls to the host, rotation, uninstall. */
async function tour(built: TestApp): Promise<Tour> {
  const { app, host } = built
  const secrets: string[] = []
  const tokens: string[] = []
  const answers: string[] = []
  const send = async (request: InjectOptions) => {
    const answer = await app.inject(request)
    answers.push(JSON.stringify(answer.headers) + answer.body)
    return answer
  }
  const note = (token: string) => {
    tokens.push(token)
    return token
  }
  const remember = () => secrets.push(...host.sites.map(({ sharedSecret }) => sharedSecret))

  remember()
  await host.install(app)
  await host.install(app, { site: 'confluence' })
  for (let round = 0; round < 2; round++) {
    const page = note(await host.sign.pageToken({ url: '/panel' }))
    const context = note(await host.contextToken())
    for (const accept of ['application/json', 'text/html']) {
      const headers = { accept }
      await send({ ...withQuery('/panel', page), headers })
      await send({ url: `/panel?jwt=${page}&a=1`, headers })
      await send({ url: `/panel?a=1&jwt=${page}#x`, headers })
      await send({ url: `/panel?j%77t=${page}`, headers })
      await send({ url: `/throws?jwt=${note(await host.sign.pageToken({ url: '/throws' }))}`, headers })
      await send({ url: `/api?jwt=${context}`, headers })
      await send({ ...withHeader('/api', context), headers: { ...withHeader('/api', context).headers, ...headers } })
      await send({ ...withHeader('/api', `${context}x`) })
      await send({ url: '/api', headers: { authorization: `Bearer ${context}` } })
    }
    const session = note((await send(withHeader('/atlassian/session', context, 'POST'))).json().token)
    answers.pop()
    await send(withHeader('/session', session))
    await send(withQuery('/session', session))
    await send(withHeader('/session', `${session.slice(0, -2)}xx`))
    const form = note(await host.sign.pageToken({ url: '/panel', method: 'POST' }))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    await send({ method: 'POST', url: '/panel', headers: type, payload: `jwt=${form}` })
    await send({ method: 'POST', url: '/panel', headers: type, payload: `jwt=${form}&a=1` })

    const webhook = note(await host.sign.webhookToken({ url: '/hook' }))
    for (const payload of ['{"webhookEvent":"jira:issue_updated","user":{"accountId":"x"}}', '{broken']) {
      await send(lifecycleCall(webhook, payload, '/hook'))
    }
    await send(withQuery('/hook', webhook, 'POST'))
    await host.sendWebhook('jira:issue_created')

    const install = note(await host.sign.installToken())
    const sharedSecret = `planted-secret-${round}-0123456789abcdef`
    secrets.push(sharedSecret)
    for (const changes of [
      { sharedSecret, baseUrl: 'https://evil.example.com' },
      { sharedSecret, key: 'another-app' },
      { sharedSecret: [sharedSecret] },
      { sharedSecret, clientKey: 'nobody' }
    ]) {
      await send(lifecycleCall(install, lifecycleBody(host.site(), changes)))
    }
    await send(lifecycleCall(install, `{"sharedSecret":"${sharedSecret}",`))
    await send(lifecycleCall(null, lifecycleBody(host.site(), { sharedSecret })))
    await host.rotateSecret()
    remember()
  }
  await app.atlassian.hostClient({ clientKey: host.site().clientKey }).get('/rest/api/3/myself')
  await app.atlassian
    .hostClient({ clientKey: host.site().clientKey })
    .get('/rest/api/3/nowhere')
    .catch(() => {})
  await host.uninstall()
  await host.openPage('panel')
  await new Promise((resolve) => setTimeout(resolve, 20))
  return { secrets, tokens, answers }
}

function holdsNothing(t: Test, lines: readonly string[], { secrets, tokens }: Tour, what: string): void {
  const text = lines.join('\n')
  for (const secret of new Set(secrets)) t.notOk(text.includes(secret), `${what}: no shared secret`)
  for (const token of tokens) {
    const [, claims = '', signature = ''] = token.split('.')
    const found = text.includes(token) || text.includes(signature) || text.includes(claims)
    if (found) t.fail(`${what}: a token stands there: …${around(text, [token, signature, claims])}…`)
  }
  t.notMatch(text, /(?:GET|POST)&\/panel&/, `${what}: no canonical request`)
  t.ok(
    tokens.length > 8 && text.length > 1000,
    `${what}: ${tokens.length} tokens looked for in ${text.length} characters`
  )
}

function around(text: string, needles: readonly string[]): string {
  const at = needles.map((needle) => text.indexOf(needle)).find((index) => index >= 0) ?? 0
  return text.slice(Math.max(0, at - 60), at + 20)
}

const routes: AppOverrides['routes'] = (app) => {
  app.get('/throws', async (request) => {
    request.log.info({ tenant: request.tenant, connect: request.connect, atlassian: request.atlassian }, 'everything')
    throw Object.assign(new Error('a handler failed'), { tenant: request.tenant, statusCode: 500 })
  })
  app.atlassian.events.on('jira:issue_created', (event) => {
    app.log.info({ event }, 'a webhook')
    throw new Error('a listener failed')
  })
}

t.test('with the default serializers no line of a route of ours holds a secret or a token', async (t) => {
  const built = await buildApp(t, { routes })
  const done = await tour(built)
  holdsNothing(t, built.lines, done, 'log')
  holdsNothing(t, [...done.answers, 'x'.repeat(1000)], done, 'answers')
})

t.test('with the serializer of this package no line of any route does, unknown addresses included', async (t) => {
  const built = await buildApp(t, { routes, serializers: { req: requestSerializer } })
  const { app, host } = built
  const done = await tour(built)
  const token = await host.contextToken()
  done.tokens.push(token)
  for (const url of [`/nowhere?jwt=${token}`, `/public?jwt=${token}`, `/public?access_token=${token}&x=${token}`]) {
    await app.inject(url)
  }
  // Fastify's own sentence for an unknown address repeats the address; an app writes its own handler for that.
  const lines = built.lines.filter((line) => !line.includes('"msg":"Route GET:/nowhere'))
  holdsNothing(t, lines, done, 'log')
})

t.test('a serializer of the app that prints everything is cleaned on routes of ours', async (t) => {
  const serializers = {
    req: (request: { method: string; url: string; headers: object }) => ({
      method: request.method,
      url: request.url,
      headers: request.headers
    })
  }
  const built = await buildApp(t, { routes, serializers: serializers as never })
  holdsNothing(t, built.lines, await tour(built), 'log')
})

t.test('the error handler of the app and its answers get no token', async (t) => {
  const seen: string[] = []
  const built = await buildApp(t, {
    errorPage: false,
    routes(app) {
      app.setErrorHandler((error, _request, reply) => {
        seen.push(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error))
        return reply.code(500).send({ error })
      })
      routes?.(app)
    }
  })
  const done = await tour(built)
  holdsNothing(t, built.lines, done, 'log')
  holdsNothing(t, [...done.answers, ...seen, 'x'.repeat(1000)], done, 'errors')
})

t.test('no way of printing a tenant, a client or the app shows a secret', async (t) => {
  const { app, host, store } = await buildApp(t)
  await host.install(app)
  const site = host.site()
  const tenant = await store.find({ clientKey: site.clientKey })
  const client = app.atlassian.hostClient({ clientKey: site.clientKey })
  t.ok(tenant)
  for (const [name, value] of Object.entries({
    tenant,
    client,
    atlassian: app.atlassian,
    secret: tenant?.sharedSecret
  })) {
    const printed = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(value) ?? '',
      String(value),
      `${JSON.stringify(Object.entries(value ?? {}))}`,
      JSON.stringify(structuredCloneOrEmpty(value))
    ].join('\n')
    t.notOk(printed.includes(site.sharedSecret), name)
  }
})

t.test('start-up errors name no secret of the options', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const failure = app.register(connectPlugin, {
    descriptor: { key: APP_KEY, name: 'Test', baseUrl: BASE_URL, authentication: { type: 'jwt' } },
    baseUrl: BASE_URL,
    store: 'postgres://user:a-password-of-the-database@127.0.0.1:1/nothing'
  })
  const error = await Promise.resolve(failure).catch((reason: unknown) => reason)
  t.notMatch(String(error), /a-password-of-the-database/)
  t.notMatch(JSON.stringify(error), /a-password-of-the-database/)
})

t.test('a secret that stands in the wrong option, or under a wrong name, is not told either', async (t) => {
  const secret = 'a-password-of-the-database'
  const misplaced: Record<string, unknown>[] = [
    { databaseUrl: `postgres://user:${secret}@db.example.com/tea` },
    { sharedSecret: secret },
    { encryption: secret },
    { encryption: { key: secret } },
    { encryption: { keys: secret } },
    { encryption: { keys: [{ id: `${secret}=`, key: 'main' }] } },
    { baseUrl: `https://user:${secret}@app.example.com` },
    { allowedHosts: [`user:${secret}@acme.atlassian.net`] },
    { installKeyHosts: [`https://user:${secret}@keys.example.com${'/long'.repeat(30)}?`] }
  ]
  for (const options of misplaced) {
    const app = Fastify()
    t.teardown(() => app.close())
    const given = {
      descriptor: testDescriptor(),
      baseUrl: BASE_URL,
      store: ':memory:',
      environment: 'test',
      ...options
    }
    const error = await Promise.resolve(app.register(connectPlugin, given as never)).catch((reason: unknown) => reason)
    t.match(error, { code: 'ATL_OPTION' }, Object.keys(options).join())
    t.notOk(`${error} ${JSON.stringify(error)}`.includes(secret), `${Object.keys(options)}: ${error}`)
  }
})

function structuredCloneOrEmpty(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return ''
  }
}
