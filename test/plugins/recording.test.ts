import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRecordings, type Recording } from 'fastify-atlassian'
import t, { type Test } from 'tap'
import { buildApp } from '../helpers/app.ts'
import { buildEventApp, issueUpdated } from '../helpers/forge-events.ts'
import { until } from './until.ts'

function fileOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'recordings-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'deliveries.jsonl')
}

t.test('webhooks lie in the file as the app heard them, without their tokens', async (t) => {
  const file = fileOf(t)
  const { app, host, clock } = await buildApp(t, {
    recordTo: file,
    baseUrl: 'https://app.example.com/base',
    descriptorMembers: { modules: { webhooks: [{ event: 'jira:issue_updated', url: '/hook?issue={issue.key}' }] } }
  })
  await host.install(app)
  const payload = {
    webhookEvent: 'jira:issue_updated',
    issue: { key: 'TEA-1' },
    mail: 'ada@example.com',
    token: 'hunter2'
  }
  t.equal((await host.sendWebhook('jira:issue_updated', { payload, issue: 'TEA-1', identifier: 'one' })).status, 204)
  t.equal((await app.inject({ method: 'POST', url: '/base/hook', payload: {} })).statusCode, 401)
  await app.close()
  const text = readFileSync(file, 'utf8')
  const [recording, ...others] = parseRecordings(text)
  t.equal(others.length, 0, 'what is not verified is not recorded')
  t.match(recording, {
    kind: 'webhook',
    event: 'jira:issue_updated',
    path: '/hook?issue=TEA-1',
    recordedAt: new Date(clock()).toISOString(),
    headers: { 'content-type': 'application/json', 'x-atlassian-webhook-identifier': 'one' },
    body: { issue: { key: 'TEA-1' }, mail: 'somebody@example.invalid', token: '[redacted]' }
  })
  t.notMatch(text, /hunter2|eyJ|authorization/i)
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('events of Forge are told to the hook', async (t) => {
  const recordings: Recording[] = []
  const { send } = await buildEventApp(t, { recordDelivery: (recording) => recordings.push(recording) })
  t.equal((await send(issueUpdated())).statusCode, 204)
  const misplaced = await send(issueUpdated(), { url: '/forge/lifecycle/pre-uninstall' })
  t.equal(misplaced.statusCode, 400, 'what is no event there is not recorded')
  await until(() => recordings.length === 1)
  t.match(recordings, [
    { kind: 'forge-event', event: 'avi:jira:updated:issue', path: '/forge/events', body: { issue: { key: 'ACME-1' } } }
  ])
})

t.test('names go on request', async (t) => {
  const recordings: Recording[] = []
  const { app, host } = await buildApp(t, {
    recordDelivery: (recording) => recordings.push(recording),
    redactRecordedNames: true
  })
  await host.install(app)
  await host.sendWebhook('jira:issue_updated')
  await until(() => recordings.length === 1)
  t.match(recordings, [{ body: { user: { displayName: 'Somebody' } } }])
})

t.test('a file does not grow beyond its bound, and the app goes on', async (t) => {
  const file = fileOf(t)
  writeFileSync(file, 'x'.repeat(1000))
  const { app, host, lines } = await buildApp(t, { recordTo: file, maxRecordedBytes: 1024 })
  await host.install(app)
  for (let count = 0; count < 3; count += 1) t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  await app.close()
  t.equal(statSync(file).size, 1000)
  t.equal(lines.filter((line) => line.includes('recordings is full')).length, 1)
})

t.test('a file that cannot be written and a hook that fails or never ends break no delivery', async (t) => {
  const { app, host, lines } = await buildApp(t, {
    recordTo: join(fileOf(t), 'no', 'folder'),
    recordDelivery: () => Promise.reject(new Error('no'))
  })
  await host.install(app)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  await until(() => lines.some((line) => line.includes('cannot be written')))
  t.ok(lines.some((line) => line.includes('recordDelivery failed')))
  const stuck = await buildApp(t, { recordDelivery: () => new Promise(() => {}) })
  await stuck.host.install(stuck.app)
  t.equal((await stuck.host.sendWebhook('jira:issue_updated')).status, 204)
  await stuck.app.close()
})

t.test('production records nothing', async (t) => {
  for (const options of [{ recordTo: 'x' }, { recordDelivery: () => {} }]) {
    await t.rejects(
      buildApp(t, { ...options, environment: 'production', unsafeAllowInsecureHostsInProduction: true }),
      { code: 'ATL_OPTION', message: /leave it out in production/ }
    )
  }
})
