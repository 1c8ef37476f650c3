// connect.md 9.1, entry 20: nothing that a tenant says or a handler forgets sends credentials to another server.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { installedApp, lifecycleBody, lifecycleCall } from './attack.ts'

t.test('the host client calls no address outside of the site', async (t) => {
  const evil = await otherServer(t)
  const { app, jira } = await installedApp(t)
  const client = app.atlassian.hostClient({ clientKey: jira.clientKey })
  const { host, port } = new URL(evil.url)
  const targets = [
    evil.url,
    `${evil.url}/rest/api/3/myself`,
    `//${host}/rest`,
    `\\\\${host}/rest`,
    `/\\${host}/rest`,
    `\\/${host}/rest`,
    `http:${host}/rest`,
    `${jira.origin}@${host}/rest`,
    `${jira.origin.replace('http://', 'http://user:password@')}/rest`,
    `${jira.origin}.evil.test/rest`,
    `http://127.0.0.1:${port}/rest`,
    `\thttp://${host}/rest`,
    `ht\ntp://${host}/rest`,
    `/\t/${host}/rest`,
    `/\n/${host}/rest`,
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:0'
  ]
  for (const target of targets) {
    // Control characters in a path make an odd path of the site itself, which does not know it.
    await t.rejects(client.get(target), { code: /^ATL_HOST_(?:ADDRESS|STATUS)$/ }, JSON.stringify(target))
  }
  t.strictSame(evil.asked, [], 'the other server was never asked')
})

t.test('an address outside of the base path is outside of the site', async (t) => {
  const { app, wiki } = await installedApp(t)
  const client = app.atlassian.hostClient({ clientKey: wiki.clientKey })
  for (const target of [
    '/wiki/../rest/api/3/myself',
    '/wiki/%2e%2e/rest',
    '../rest',
    '/../rest',
    `${wiki.origin}/rest`
  ]) {
    await t.rejects(client.get(target), { code: 'ATL_HOST_ADDRESS' }, target)
  }
})

t.test('a redirect of the site takes no credentials anywhere', async (t) => {
  const evil = await otherServer(t)
  const { app, host, jira } = await installedApp(t)
  const client = app.atlassian.hostClient({ clientKey: jira.clientKey })
  const calls = [
    () => client.get('/rest/api/3/myself'),
    () => client.post('/rest/api/3/issue', { fields: {} }),
    () => client.fetch('/rest/api/3/myself', { redirect: 'follow' })
  ]
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of [evil.url, `//${new URL(evil.url).host}/`]) {
      for (const call of calls) {
        host.failNext({ target: 'rest', status, headers: { location } })
        await call().catch(() => {})
      }
    }
  }
  t.strictSame(evil.asked, [], 'no redirect was followed')
})

t.test('the display address of a site is never called', async (t) => {
  const evil = await otherServer(t)
  const { app, host, jira } = await installedApp(t)
  const body = lifecycleBody(jira, { displayUrl: evil.url, displayUrlServicedeskHelpCenter: evil.url })
  t.equal((await app.inject(lifecycleCall(await host.sign.installToken(), body))).statusCode, 204)
  await app.atlassian.hostClient({ clientKey: jira.clientKey }).get('/rest/api/3/myself')
  t.strictSame(evil.asked, [])
})

t.test('the app calls as a tenant only while it is installed there', async (t) => {
  const { app, host, jira } = await installedApp(t)
  const client = app.atlassian.hostClient({ clientKey: jira.clientKey })
  await client.get('/rest/api/3/myself')
  await host.uninstall()
  await t.rejects(client.get('/rest/api/3/myself'), { code: 'ATL_NO_TENANT' })
})

async function otherServer(t: Test) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization })
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
