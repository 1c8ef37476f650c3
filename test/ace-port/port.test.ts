import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createAceReadThroughStore, importAce, openAceSource } from 'fastify-atlassian/import-ace'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { testEncryption } from '../helpers/encryption.ts'
import { hasAce } from '../import-ace/real-ace.ts'
import { buildCompatApp } from './after/compat.ts'
import { buildIdiomaticApp } from './after/idiomatic.ts'
import { startBefore } from './start-before.ts'

const APP = 'handover-notes'

async function stage(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'ace-port-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const host = await createHostSimulator({
    sites: [
      { name: 'one', product: 'jira' },
      { name: 'two', product: 'jira' }
    ]
  })
  t.teardown(() => host.close())
  const aceFile = join(folder, 'ace.db')
  const before = await startBefore(t, host, aceFile)
  for (const { name } of host.sites) t.equal((await host.install(before.address, { site: name })).status, 204, name)
  return { host, before, aceFile, database: `sqlite:${join(folder, 'ours.db')}` }
}

/** What a browser shows: a token is another one each time. */
function shown(body: string): string {
  return body
    .replace(/content="ey[^"]*"/, 'content="[token]"')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}

/** Everything that people do with the app, at whoever answers at its address, and what they see. */
async function visit(host: HostSimulator, site: string): Promise<Record<string, unknown>> {
  const page = async (key: string, user: string) => {
    const { status, body } = await host.openPage(key, { site, user, issue: 'TEA-1' })
    return [status, status === 200 ? shown(body) : '']
  }
  const call = async (path: string, options: Parameters<HostSimulator['callApp']>[1]) => {
    const { status, body } = await host.callApp(path, { site, method: 'POST', ...options })
    return [status, status < 300 ? body : '']
  }
  const csv = { body: 'note;author', headers: { 'content-type': 'text/csv' } }
  return {
    added: await call('/api/notes', { body: { text: `Tea is ready for everybody on ${site}`, issueKey: 'TEA-1' } }),
    incomplete: await call('/api/notes', { body: {} }),
    unsigned: await call('/api/notes', { body: { text: 'x' }, token: '' }),
    file: await call('/api/issues/TEA-1/files', csv),
    fileOfNothing: await call('/api/issues/NO-1/files', csv),
    allNotes: await page('all-notes', 'Ada'),
    ofIssue: await page('issue-notes', 'Bo'),
    settings: await page('settings', 'Ada'),
    health: await call('/health', { method: 'GET', token: '' }),
    script: (await call('/notes.js', { method: 'GET', token: '' }))[0]
  }
}

async function listen(t: Test, app: FastifyInstance, port: number): Promise<void> {
  t.teardown(() => app.close())
  await app.listen({ port, host: '127.0.0.1' })
}

if (hasAce(t)) {
  t.test(
    'an app on ACE is imported, and each half of its port serves the same tenants and shows the same',
    async (t) => {
      const { host, before, aceFile, database } = await stage(t)
      const first = await visit(host, 'one')
      t.match(first, {
        added: [201, '{"count":1}'],
        incomplete: [400],
        unsigned: [401],
        file: [200, '{"file":"notes.csv","size":11}'],
        fileOfNothing: [502],
        allNotes: [200, /Handover notes for Ada[\s\S]*Tea is ready for eve</],
        ofIssue: [200, /TEA-1: 1/],
        settings: [200, /jira at http/],
        health: [200, '{"ok":true}'],
        script: 200
      })
      t.equal((await host.openPage('settings', { site: 'one', user: 'Bo' })).status, 401, 'ACE says 401 to who may not')
      t.equal((await host.sendWebhook('jira:issue_updated', { site: 'one', issue: 'TEA-1' })).status, 204)
      await before.stop()

      const source = await openAceSource(`sqlite:${aceFile}`)
      const store = createKyselyTenantStore({ appKey: APP, database, encryption: testEncryption, migrate: true })
      await store.open()
      const { allowedHosts } = host.connectOptions()
      const result = await importAce({ source, store, appKey: APP, allowedHosts })
      t.match(result, { created: 2, verified: 2, problems: [], complete: true })
      await source.close()
      await store.close()

      const options = {
        baseUrl: before.address,
        store: database,
        encryption: testEncryption,
        environment: 'test',
        ...host.connectOptions()
      }
      let notes = 1
      for (const [name, build] of Object.entries({ compat: buildCompatApp, idiomatic: buildIdiomaticApp })) {
        const app = await build(options)
        await listen(t, app, before.port)
        notes += 1
        const now = await visit(host, 'one')
        const expected = JSON.parse(
          JSON.stringify(first)
            .replace('{\\"count\\":1}', `{\\"count\\":${notes}}`)
            .replace('<p>1 on', `<p>${notes} on`)
            .replace('TEA-1: 1<', `TEA-1: ${notes}<`)
        )
        // The older notes are there as well.
        const single = (text: unknown) =>
          JSON.parse(JSON.stringify(text).replaceAll(/(?:\\n<li [^>]*>[^<]*<\/li>)+/g, '\\n<li>'))
        t.strictSame(single(now), single(expected), name)
        t.equal(String(now.allNotes).match(/<li /g)?.length, notes, `${name}: every note since ACE is there`)
        t.equal((await host.openPage('settings', { site: 'one', user: 'Bo' })).status, 403, `${name}: here it is 403`)
        t.equal((await host.openPage('all-notes', { site: 'two' })).status, 200, `${name}: the other site too`)

        await host.sendWebhook('jira:issue_updated', { site: 'two', issue: 'TEA-2' })
        const tenant = await app.atlassian.tenants.find({ clientKey: host.site('two').clientKey })
        let change: unknown
        while (change === undefined) {
          await new Promise((resolve) => setImmediate(resolve))
          change = await tenant?.settings.get('last-change')
        }
        t.match(change, { event: 'jira:issue_updated', issueKey: 'TEA-2' }, name)
        await tenant?.settings.delete('last-change')

        await tenant?.settings.set('notes', [{ text: 'gone with the site' }])
        t.equal((await host.uninstall({ site: 'two' })).status, 204, `${name}: an uninstall`)
        while ((await tenant?.settings.get('notes')) !== undefined)
          await new Promise((resolve) => setImmediate(resolve))
        t.equal((await host.install(before.address, { site: 'two' })).status, 204, `${name}: and an install`)
        t.equal((await host.openPage('all-notes', { site: 'two' })).status, 200)
        await app.close()
      }
    }
  )

  t.test('the port reads tenants through from the database that ACE still writes', async (t) => {
    const { host, before, aceFile, database } = await stage(t)
    const app = await buildCompatApp({
      baseUrl: before.address,
      environment: 'test',
      tokens: { previousSecretSeconds: 0 },
      ...host.connectOptions(),
      store: (appKey) =>
        createAceReadThroughStore({
          appKey,
          ace: `sqlite:${aceFile}`,
          allowedHosts: host.connectOptions().allowedHosts,
          store: createKyselyTenantStore({ appKey, database, encryption: testEncryption, migrate: true })
        })
    })
    t.teardown(() => app.close())
    const page = async () => {
      const url = new URL(await host.pageUrl('issue-notes', { site: 'one', issue: 'TEA-1' }))
      return (await app.inject({ url: `${url.pathname}${url.search}` })).statusCode
    }
    t.equal(await page(), 200, 'nothing was copied before')
    t.equal((await host.rotateSecret({ site: 'one' })).status, 204, 'ACE gets a new secret')
    t.equal(await page(), 200, 'and the port knows it at once')
    t.equal((await host.openPage('issue-notes', { site: 'one', issue: 'TEA-1' })).status, 200, 'as ACE does')
  })
}
