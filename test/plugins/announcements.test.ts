import { inspect } from 'node:util'
import type { LifecycleEventMap } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { APP_KEY, type AppOverrides, buildApp } from '../helpers/app.ts'
import { until } from './until.ts'

const names = ['tenantSaved', 'tenantNotSaved', 'webhookReceived', 'webhookVerified'] as const

async function start(t: Test, overrides: AppOverrides = {}) {
  const made = await buildApp(t, overrides)
  const told: [name: string, event: LifecycleEventMap[(typeof names)[number]]][] = []
  for (const name of names) made.app.atlassian.events.on(name, (event) => void told.push([name, event]))
  return { ...made, told }
}

t.test('each call of the host that writes a tenant is told with what it changed', async (t) => {
  const { app, host, told } = await start(t)
  await host.install(app)
  await host.uninstall()
  await host.install(app)
  const changes = told.flatMap(([name, event]) => (name === 'tenantSaved' && 'change' in event ? [event.change] : []))
  t.strictSame(changes, ['first-install', 'enabled', 'disabled', 'uninstalled', 'reinstall', 'enabled'])
})

t.test('an install that cannot be written is told, without what went wrong inside', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  const secret = 'postgres://app:hunter2@db.example/app'
  const store = {
    ...memory,
    save: async () => {
      throw new Error(`cannot reach ${secret}`)
    }
  }
  const { app, host, told } = await start(t, { store })
  t.not((await host.install(app)).status, 204)
  t.strictSame(told[0], ['tenantNotSaved', { clientKey: host.site().clientKey, change: 'installed', code: null }])
  t.notMatch(inspect(told, { depth: Infinity, showHidden: true }), /hunter2/)
})

t.test('a refused install is told with its code', async (t) => {
  const { app, host, told } = await start(t, {
    hooks: {
      beforeInstall() {
        throw new Error('not you')
      }
    }
  })
  t.not((await host.install(app)).status, 204)
  t.match(told, [['tenantNotSaved', { code: 'ATL_INSTALL_REFUSED' }]])
})

t.test('a webhook is told when it arrives, and again when its signature is right', async (t) => {
  const { app, host, told } = await start(t)
  await host.install(app)
  told.length = 0
  t.equal((await app.inject({ method: 'POST', url: '/hook?jwt=e30.e30.e30' })).statusCode, 401)
  t.strictSame(told, [['webhookReceived', { path: '/hook' }]])
  told.length = 0
  await host.sendWebhook('jira:issue_updated')
  t.match(told, [
    ['webhookReceived', { path: '/hook' }],
    ['webhookVerified', { path: '/hook', tenant: { clientKey: host.site().clientKey } }]
  ])
  told.length = 0
  await host.openPage('panel')
  t.strictSame(told, [], 'a page is no webhook')
})

t.test('no payload holds a secret or a token', async (t) => {
  const tokens = new Set<string>()
  const { app, host, told } = await start(t, {
    routes: (app) => {
      app.addHook('onRequest', async ({ headers }) => {
        if (headers.authorization !== undefined) tokens.add(headers.authorization.replace('JWT ', ''))
      })
    }
  })
  const secrets = new Set<string>()
  const remember = () => secrets.add(host.site().sharedSecret)
  const heard: unknown[] = []
  for (const name of ['installed', 'uninstalled', 'enabled', 'disabled', '*'] as const) {
    app.atlassian.events.on(name, (event: unknown) => void heard.push(event))
  }
  await host.install(app)
  remember()
  await host.rotateSecret()
  remember()
  await host.sendWebhook('jira:issue_updated')
  await host.uninstall()
  remember()
  await until(() => heard.length >= 4)
  t.ok(secrets.size >= 2 && told.length >= 5)
  t.ok(tokens.size >= 4, `${tokens.size} tokens`)
  const texts = [inspect([told, heard], { depth: Infinity, showHidden: true }), JSON.stringify([told, heard])]
  for (const text of texts) {
    for (const secret of secrets) t.notOk(text.includes(secret), 'no shared secret')
    for (const token of tokens) t.notOk(text.includes(token), 'no token')
  }
})

t.test('a handler that fails or never ends holds nothing up', async (t) => {
  const { app, host, lines } = await start(t)
  app.atlassian.events.on('tenantSaved', () => {
    throw new Error('no')
  })
  app.atlassian.events.on('webhookReceived', () => new Promise(() => {}))
  await host.install(app)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  t.ok(lines.some((line) => line.includes('handler of tenantSaved failed')))
})
