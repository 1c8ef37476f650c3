import { join } from 'node:path'
import type { TenantStore } from 'fastify-atlassian'
import { createKyselyTenantStore, createMemoryTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import { findConnect } from '../helpers/find-connect.ts'
import { installed, sendLifecycle } from './lifecycle-sender.ts'

const host = await createHostSimulator()
t.teardown(() => host.close())

const file = join(t.testdir(), 'parallel.sqlite')
const memory = createMemoryTenantStore({ appKey: APP_KEY })

const stores: Record<string, () => TenantStore> = {
  memory: () => memory,
  // Two adapters on one file stand for two processes.
  SQLite: () => createKyselyTenantStore({ appKey: APP_KEY, database: `sqlite:${file}` })
}

for (const [name, open] of Object.entries(stores)) {
  t.test(
    `50 installs of one tenant at once, with page loads between them, leave one whole record on ${name}`,
    async (t) => {
      const store = open()
      const built = [await buildApp(t, { host, store }), await buildApp(t, { host, store: open() })] as const
      const [{ app: first }, { app: second }] = built
      await installed(host, first)
      await installed(host, second)
      const clientKey = host.site().clientKey
      const before = await findConnect(store, { clientKey })
      const secrets = Array.from({ length: 50 }, (_, index) => `rotated-secret-number-${index}`)
      const calls = secrets.flatMap((sharedSecret, index) => {
        const app = index % 2 === 0 ? first : second
        const page = host.sign
          .pageToken({ url: '/panel', key: sharedSecret })
          .then(async (jwt) => (await app.inject(`/panel?jwt=${jwt}`)).statusCode)
        return [sendLifecycle(app, host, 'installed', { sharedSecret }).then(({ statusCode }) => statusCode), page]
      })
      const statuses = await Promise.all(calls)
      const installs = statuses.filter((_, index) => index % 2 === 0)
      const pages = statuses.filter((_, index) => index % 2 === 1)
      t.strictSame(new Set(installs), new Set([204]))
      t.strictSame(
        pages.filter((status) => status !== 200 && status !== 401),
        []
      )
      const tenant = await findConnect(store, { clientKey })
      t.equal(tenant.version, before.version + 50, 'no lost update')
      t.equal(tenant.secretVersion, before.secretVersion + 50)
      t.equal(tenant.installations.length, 1)
      const current = tenant.sharedSecret.reveal()
      const previous = tenant.previousSecret?.reveal() ?? ''
      t.ok(secrets.includes(current))
      t.ok(secrets.includes(previous))
      t.not(current, previous)
      t.equal((await store.list({ limit: 10 })).length, 1)
      const jwt = await host.sign.pageToken({ url: '/panel', key: current })
      // A wrong signature reads the record again, at most once a second.
      for (const { clock } of built) clock.advanceSeconds(1)
      for (const { app } of built) t.equal((await app.inject(`/panel?jwt=${jwt}`)).statusCode, 200)
      const old = secrets.find((secret) => secret !== current && secret !== previous)
      const stale = await host.sign.pageToken({ url: '/panel', key: old ?? '' })
      t.equal((await first.inject(`/panel?jwt=${stale}`)).statusCode, 401)
    }
  )

  t.test(`installs and uninstalls of one tenant at once leave one whole record on ${name}`, async (t) => {
    const store = open()
    const { app } = await buildApp(t, { host, store })
    await installed(host, app)
    const base = Math.floor(Date.now() / 1000)
    const events = Array.from({ length: 20 }, (_, index): 'installed' | 'uninstalled' =>
      index % 2 === 0 ? 'uninstalled' : 'installed'
    )
    const answers = await Promise.all(
      events.map((event, index) =>
        sendLifecycle(app, host, event, { iat: base + index, sharedSecret: `secret-after-change-${index}` })
      )
    )
    for (const { statusCode } of answers) t.ok(statusCode === 204 || statusCode === 401, String(statusCode))
    t.equal(answers.at(-1)?.statusCode, 204, 'the newest wins')
    const tenant = await findConnect(store, { clientKey: host.site().clientKey })
    t.equal(tenant.sharedSecret.reveal(), 'secret-after-change-19')
    t.match(tenant.installations, [{ state: 'installed' }])
  })
}
