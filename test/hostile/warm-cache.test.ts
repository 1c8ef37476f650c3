// A token that was verified and is remembered must not outlive what made it good, nor open what it did not open before.

import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { installedApp, refuses, type Scene, withHeader, withQuery } from './attack.ts'

const routes = [
  ['context', '/only-context', ['context']],
  ['session', '/only-session', ['session']],
  ['page', '/only-page', []],
  ['webhook', '/only-webhook', []],
  ['lifecycle', '/only-lifecycle', []],
  [['page', 'context'], '/page-context', ['context']],
  [['page', 'session'], '/page-session', ['session']],
  [['context', 'session'], '/context-session', ['context', 'session']],
  [['session', 'context'], '/session-context', ['context', 'session']],
  [['page', 'context', 'session'], '/all', ['context', 'session']]
] as const

async function scene(t: Test): Promise<Scene> {
  return await installedApp(t, {
    routes(app) {
      for (const [auth, url] of routes) {
        const event = auth === 'lifecycle' ? { event: 'installed' as const } : {}
        const config = { atlassian: { auth, ...event } }
        app.route({ method: ['GET', 'POST'], url, config, handler: async (request) => request.connect?.tokenKind })
      }
    }
  })
}

async function tokens({ app, host }: Scene): Promise<Record<'context' | 'session', string>> {
  const context = await host.contextToken()
  const answer = await app.inject(withHeader('/atlassian/session', context, 'POST'))
  return { context, session: answer.json().token }
}

/** Twice, so that the second answer comes from memory. */
async function warm(t: Test, { app }: Scene, url: string, token: string): Promise<void> {
  for (const time of ['first', 'second']) {
    t.equal((await app.inject(withHeader(url, token))).statusCode, 200, `${url}, ${time} time`)
  }
}

t.test('a token that is warm under one policy is judged anew under each other', async (t) => {
  const one = await scene(t)
  const made = await tokens(one)
  for (const [kind, token] of Object.entries(made)) {
    for (const [, warmAt, accepts] of routes) {
      if (!(accepts as readonly string[]).includes(kind)) continue
      await warm(t, one, warmAt, token)
      for (const [, url, others] of routes) {
        const expected = (others as readonly string[]).includes(kind) ? 200 : 401
        for (const method of ['GET', 'POST'] as const) {
          const { statusCode, body } = await one.app.inject(withHeader(url, token, method))
          t.equal(statusCode, expected, `a ${kind} token, warm at ${warmAt}, ${method} ${url}`)
          if (statusCode === 200) t.equal(body, kind)
        }
      }
    }
  }
})

t.test('a warm token stays out of the places that its kind may not be in', async (t) => {
  const one = await scene(t)
  for (const [kind, token] of Object.entries(await tokens(one))) {
    const url = '/all'
    await warm(t, one, url, token)
    t.equal((await one.app.inject(withQuery(url, token))).statusCode, 200, `${kind} in the query`)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await refuses(t, one, { method: 'POST', url, headers, payload: `jwt=${token}` }, undefined, `${kind} in a form`)
    const twice = { url: `${url}?jwt=${token}`, headers: { authorization: `JWT ${token}` } }
    await refuses(t, one, twice, undefined, `${kind} twice`)
    await refuses(t, one, { url, headers: { authorization: `Bearer ${token}` } }, undefined, `${kind} as Bearer`)
  }
})

t.test('a warm token with one letter changed is another token', async (t) => {
  const one = await scene(t)
  for (const [kind, token] of Object.entries(await tokens(one))) {
    await warm(t, one, '/all', token)
    for (const at of [5, token.indexOf('.') + 5, token.lastIndexOf('.') + 5, token.length - 1]) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      await refuses(t, one, withHeader('/all', changed), undefined, `${kind}, letter ${at}`)
    }
  }
})

t.test('a warm session token ends with a rotation, and a warm context token when the old secret does', async (t) => {
  const one = await scene(t)
  const { context, session } = await tokens(one)
  await warm(t, one, '/all', context)
  await warm(t, one, '/all', session)
  t.equal((await one.host.rotateSecret()).status, 204)
  await refuses(t, one, withHeader('/all', session), undefined, 'session, at once')
  t.equal((await one.app.inject(withHeader('/all', context))).statusCode, 200, 'context, for a short while')
  one.clock.advanceSeconds(15 * 60)
  const later = await one.host.sign.contextToken({ claims: { exp: one.clock() / 1000 + 60 }, key: secretOf(one) })
  t.equal((await one.app.inject(withHeader('/all', later))).statusCode, 200, 'the new secret is good')
  await refuses(t, one, withHeader('/all', context), undefined, 'context, after the window')
})

t.test('the old secret ends with its window, for tokens that would still live', async (t) => {
  const one = await scene(t)
  const old = one.jira.sharedSecret
  await one.host.rotateSecret()
  const nowSeconds = one.clock() / 1000
  const token = await one.host.sign.contextToken({ key: old, claims: { exp: nowSeconds + 3600 } })
  await warm(t, one, '/all', token)
  one.clock.advanceSeconds(15 * 60 - 1)
  t.equal((await one.app.inject(withHeader('/all', token))).statusCode, 200, 'in its last second')
  one.clock.advanceSeconds(1)
  await refuses(t, one, withHeader('/all', token))
})

t.test('a warm token ends with the uninstall', async (t) => {
  const one = await scene(t)
  const made = await tokens(one)
  for (const token of Object.values(made)) await warm(t, one, '/all', token)
  t.equal((await one.host.uninstall()).status, 204)
  for (const [kind, token] of Object.entries(made)) {
    t.equal((await one.app.inject(withHeader('/all', token))).statusCode, 401, kind)
  }
})

t.test('a warm token ends with its time', async (t) => {
  const one = await scene(t)
  const made = await tokens(one)
  for (const token of Object.values(made)) await warm(t, one, '/all', token)
  one.clock.advanceSeconds(900 + 30)
  for (const token of Object.values(made)) {
    t.equal((await one.app.inject(withHeader('/all', token))).statusCode, 200, 'the last second of the leeway')
  }
  one.clock.advanceSeconds(1)
  for (const [kind, token] of Object.entries(made)) await refuses(t, one, withHeader('/all', token), undefined, kind)
})

t.test('a warm token ends soon after another process uninstalled or rotated', async (t) => {
  const store = createMemoryTenantStore({ appKey: APP_KEY })
  const first = await installedApp(t, { store, routes: (app) => void app.get('/all', listed(app), async () => 'ok') })
  const { host, clock } = first
  const second = await buildApp(t, { host, clock, store })
  const made = await tokens(first)
  for (const token of Object.values(made)) await warm(t, first, '/all', token)

  // The same store, changed by an app that the first one knows nothing of.
  await host.install(second.app)
  t.equal((await host.uninstall()).status, 204)
  clock.advanceSeconds(10)
  for (const [kind, token] of Object.entries(made)) {
    t.equal((await first.app.inject(withHeader('/all', token))).statusCode, 401, `${kind}, ten seconds later`)
  }
})

t.test('what is warm for one tenant and one app is nothing to another', async (t) => {
  const one = await scene(t)
  const { app, host, jira, wiki } = one
  const { context } = await tokens(one)
  await warm(t, one, '/all', context)
  const [header, claims] = context.split('.')
  const [, , signature] = (await host.sign.contextToken({ site: 'confluence', claims: { iss: jira.clientKey } })).split(
    '.'
  )
  await refuses(t, one, withHeader('/all', `${header}.${claims}.${signature}`), undefined, 'signed by the other tenant')
  const ofWiki = await host.contextToken({ site: 'confluence' })
  t.equal((await app.inject(withHeader('/api', ofWiki))).json().clientKey, wiki.clientKey)
  t.equal((await app.inject(withHeader('/api', context))).json().clientKey, jira.clientKey)

  const other = await buildApp(t, { host, clock: one.clock })
  const answer = await other.app.inject(withHeader('/api', context))
  t.equal(answer.statusCode, 401, 'an app where nobody installed knows no token')
})

t.test('what a handler does to a warm token is not there the next time', async (t) => {
  const one = await installedApp(t, {
    routes(app) {
      app.get('/mutate', app.atlassian.protect('context'), async ({ connect }) => {
        const context = connect?.context as Record<string, Record<string, unknown>>
        const failed: string[] = []
        const tries = {
          account: () => Object.assign(connect ?? {}, { accountId: 'somebody-else' }),
          context: () => Object.assign(context, { admin: true }),
          deep: () => Object.assign(context.jira ?? {}, { project: { key: 'SECRET' } })
        }
        for (const [name, attempt] of Object.entries(tries)) {
          try {
            attempt()
          } catch {
            failed.push(name)
          }
        }
        return { failed, accountId: connect?.accountId, context: connect?.context }
      })
    }
  })
  const token = await one.host.contextToken({ issue: 'TEA-1' })
  const first = await one.app.inject(withHeader('/mutate', token))
  t.strictSame(first.json().failed, ['account', 'context', 'deep'], 'everything is frozen')
  t.equal((await one.app.inject(withHeader('/mutate', token))).body, first.body)
})

function listed(app: Scene['app']) {
  return app.atlassian.protect(['context', 'session'])
}

function secretOf({ host }: Scene): string {
  return host.site('jira').sharedSecret
}
