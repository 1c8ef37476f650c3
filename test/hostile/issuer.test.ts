// connect.md 9.1, entry 14: issuers that are nobody, and a storage that fails while the tenant is looked up.

import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY, buildApp } from '../helpers/app.ts'
import {
  installedApp,
  lifecycleBody,
  lifecycleCall,
  refuses,
  type Scene,
  STORE_UNAVAILABLE,
  withHeader,
  withQuery
} from './attack.ts'

// These tests end as they began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

const nobodies: unknown[] = [
  undefined,
  null,
  '',
  ' ',
  'nobody',
  '*',
  '%',
  "' or 1=1 --",
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'undefined',
  'null',
  '\u0000',
  '\ud800',
  'x'.repeat(1025),
  'x'.repeat(4000),
  0,
  1,
  true,
  [],
  {}
]

t.test('an issuer that is no tenant is refused, signed with whatever key an attacker has', async (t) => {
  const { host, jira } = scene
  for (const iss of nobodies) {
    for (const key of [jira.sharedSecret, 'undefined', ' ']) {
      const token = await host.sign.contextToken({ claims: { iss }, key })
      await refuses(t, scene, withHeader('/api', token), undefined, `issuer ${JSON.stringify(iss)?.slice(0, 40)}`)
    }
  }
})

t.test('an issuer in a list or an object is no issuer', async (t) => {
  const { host, jira } = scene
  const inventions: unknown[] = [
    [jira.clientKey],
    { 0: jira.clientKey },
    [[jira.clientKey]],
    { toString: jira.clientKey }
  ]
  for (const iss of inventions) {
    const page = await host.sign.pageToken({ url: '/panel', claims: { iss } })
    await refuses(t, scene, withQuery('/panel', page), undefined, `page, ${JSON.stringify(iss)}`)
    const webhook = await host.sign.webhookToken({ url: '/hook', claims: { iss } })
    await refuses(t, scene, withHeader('/hook', webhook, 'POST'), undefined, `webhook, ${JSON.stringify(iss)}`)
  }
})

t.test('the audience of a host token names no tenant', async (t) => {
  const { host, jira, wiki } = scene
  const byAudience = await host.sign.contextToken({ claims: { iss: 'nobody', aud: [jira.clientKey] } })
  await refuses(t, scene, withHeader('/api', byAudience))
  const claims = { aud: [wiki.clientKey] }
  const answer = await scene.app.inject(withHeader('/api', await host.sign.contextToken({ claims })))
  t.equal(answer.json().clientKey, jira.clientKey, 'the issuer alone does')
})

t.test('a tenant signs for itself only', async (t) => {
  const { host, jira, wiki } = scene
  for (const [iss, key] of [
    [wiki.clientKey, jira.sharedSecret],
    [jira.clientKey, wiki.sharedSecret]
  ] as const) {
    const token = await host.sign.contextToken({ claims: { iss }, key })
    await refuses(t, scene, withHeader('/api', token))
  }
})

t.test('claims about the user that are no text are refused', async (t) => {
  for (const sub of [0, true, [], {}, ['557058:ada-0001'], '\ud800', 'x'.repeat(1025)]) {
    const token = await scene.host.sign.contextToken({ claims: { sub } })
    await refuses(t, scene, withHeader('/api', token), undefined, JSON.stringify(sub).slice(0, 40))
  }
})

t.test('a storage that fails lets nobody in and writes nothing', async (t) => {
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  let failing: 'find' | 'save' | null = null
  const fails = (name: 'find' | 'save') => {
    if (failing === name) throw new Error('connect ECONNREFUSED postgres://user:password@db')
  }
  const built = await buildApp(t, {
    store: {
      ...memory,
      async find(lookup) {
        fails('find')
        return await memory.find(lookup)
      },
      async save(tenant, expectedVersion, deliveries) {
        fails('save')
        return await memory.save(tenant, expectedVersion, deliveries)
      }
    }
  })
  const { app, host, clock } = built
  await host.install(app)
  const jira = host.site('jira')
  const failingScene = { ...built, store: memory, jira, wiki: jira }

  // Both are known to the memory of the process as unknown or as too old.
  clock.advanceSeconds(60)
  const attacks = {
    'an unknown issuer': withHeader('/api', await host.sign.contextToken({ claims: { iss: 'nobody' } })),
    'a good context token': withHeader('/api', await host.contextToken()),
    'a good page': withQuery('/panel', await host.sign.pageToken({ url: '/panel' })),
    'a good webhook': withHeader('/own-webhook', await host.sign.webhookToken({ url: '/own-webhook' }), 'POST')
  }
  failing = 'find'
  for (const [name, attack] of Object.entries(attacks)) {
    clock.advanceSeconds(11)
    const { statusCode, body, headers } = await app.inject(attack)
    t.strictSame([statusCode, JSON.parse(body)], [503, { ...STORE_UNAVAILABLE }], name)
    t.equal(headers['retry-after'], '5', `${name}: says when to come again`)
    t.notMatch(body, /password/, `${name}: the reason stays inside`)
  }
  const install = async () =>
    lifecycleCall(await host.sign.installToken(), lifecycleBody(jira, { sharedSecret: 'new' }))
  t.equal((await app.inject(await install())).statusCode, 503, 'an install that cannot read')
  failing = 'save'
  const before = JSON.stringify(await memory.list({ limit: 10 }))
  t.equal((await app.inject(await install())).statusCode, 503, 'an install that cannot write')
  t.equal(JSON.stringify(await memory.list({ limit: 10 })), before)
  failing = null
  clock.advanceSeconds(11)
  const nobody = await host.sign.contextToken({ claims: { iss: 'nobody' } })
  await refuses(t, failingScene, withHeader('/api', nobody))
})
