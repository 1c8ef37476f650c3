import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startScene } from './cli-scene.ts'
import { runCli } from './run-cli.ts'

const recording = (changes: object = {}) => ({
  version: 1,
  kind: 'webhook',
  event: 'jira:issue_updated',
  path: '/webhooks?cup=green%20tea',
  recordedAt: '2026-01-01T00:00:00.000Z',
  headers: { 'content-type': 'application/json', 'x-atlassian-webhook-identifier': 'the-first-time' },
  body: { webhookEvent: 'jira:issue_updated', issue: { id: '10001', key: 'TEA-1' } },
  ...changes
})

t.test('a simulated site signs requests that the app takes, and is given the app first', async (t) => {
  const { host, baseUrl, app } = await startScene(t, '/tea')
  const at = ['--host', host.url]
  const page = ['sign', '/page?cup=a%20b', ...at]
  t.match(await runCli(page), { code: 1, err: /No app is known yet/ })
  t.match(await runCli([...page, '--app', 'https://tea.example.com']), { code: 1, err: /loopback address only/ })

  const sent = await runCli([...page, '--app', baseUrl, '--send', '--user', 'Bo'])
  t.match(sent, { code: 0, out: '200 OK\n{"account":"557058:bo-0002"}\n' })
  t.equal(host.site().installed, true)
  const anonymous = await runCli([...page, '--send', '--json', '--user', 'anonymous'])
  t.match(anonymous.json(), { status: 200, body: '{"account":null}' })

  const printed = await runCli(page)
  t.match(printed.out, /^GET http:\/\/127\.0\.0\.1:\d+\/tea\/page\?cup=a%20b&jwt=\S+\n$/)
  t.match(await app.inject(printed.out.trim().slice('GET '.length)), { statusCode: 200 })
  const curl = await runCli(['sign', '/webhooks', '--kind', 'webhook', '--curl', '--body', `{"it's":1}`, ...at])
  t.match(
    curl.out,
    /^curl --include --request POST --header 'content-type: application\/json' --header 'authorization: JWT /
  )
  t.match(curl.out, `--data-binary '{"it'\\''s":1}'`)

  t.match(await runCli(['sign', '/api', '--kind', 'context', '--send', ...at]), { code: 0, out: /"context"/ })
  const forge = await runCli(['sign', '/forge/events', '--kind', 'forge', '--send', '--body', '{}', ...at])
  t.match(forge, { code: 0, out: /^200/ })
  t.match(await runCli(['sign', '/nothing', '--send', ...at]), { code: 3, out: /^404/ })
  t.match(await runCli(['sign', '/page', '--send', '--site', 'nowhere', ...at]), {
    code: 2,
    err: /It has: acme-jira, acme-wiki/
  })
})

t.test('what was recorded is delivered again, and taken as something new', async (t) => {
  const { host, baseUrl, folder, heard, bodies, modules } = await startScene(t, '/tea')
  const file = join(folder, 'recorded.jsonl')
  const event = { eventType: 'avi:jira:updated:issue', issue: { id: '10001' }, list: [1, { deep: null }] }
  const lines = [
    recording(),
    recording(),
    recording({
      kind: 'forge-event',
      event: 'avi:jira:updated:issue',
      path: '/forge/events',
      headers: {},
      body: event
    }),
    recording({ event: 'user_created\u001b[2J', path: '/nowhere' })
  ]
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const ran = await runCli(['replay', file, '--app', baseUrl, '--host', host.url, '--endpoint', 'tea-events'])
  t.match(ran, { code: 3, out: /3 of 4 were taken\n$/ })
  t.match(ran.out, /^204 {3}jira:issue_updated {2}\/webhooks\n204 /)
  t.match(ran.out, /^404 {3}user_created\\u001b\[2J {2}\/nowhere /m)
  t.equal(heard.filter(({ event: name }) => name === 'jira:issue_updated').length, 2)
  t.match(heard[0], { body: recording().body })
  t.same(bodies, [event], 'the body is the recorded one')
  t.same(modules, ['tea-events'])

  const only = ['--host', host.url, '--only', 'jira:issue_updated']
  const same = await runCli(['replay', '-', ...only, '--same-identifier', '--json'], {
    stdin: async () => readFileSync(file, 'utf8')
  })
  t.match(same, { code: 0, err: '1 of 2\n2 of 2\n' })
  t.match(same.json(), { recordings: 2, accepted: 2, deliveries: [{ status: 204, path: '/webhooks' }, {}] })
  t.equal(heard.filter(({ identifier }) => identifier === 'the-first-time').length, 1, 'a repeat is known')

  t.match(await runCli(['replay', file, '--only', 'nothing', '--host', host.url]), {
    code: 2,
    err: /It has: jira:issue_updated, /
  })
  writeFileSync(file, '{"version":2}')
  t.match(await runCli(['replay', file]), { code: 2, err: /Line 1 .*"version"/ })
})

t.test('Ctrl-C ends a replay between two deliveries', async (t) => {
  const { host, baseUrl, heard } = await startScene(t)
  const stop = new AbortController()
  stop.abort()
  const world = { stdin: async () => JSON.stringify(recording()), signal: stop.signal }
  t.match(await runCli(['replay', '-', '--app', baseUrl, '--host', host.url], world), {
    code: 3,
    out: '0 of 1 were taken\n'
  })
  t.equal(heard.length, 0)
})

t.test('a real tenant is acted for only on purpose, and never without an audit line', async (t) => {
  const { host, baseUrl, app, folder, tenantOptions, heard } = await startScene(t)
  await host.install(baseUrl)
  const { clientKey, sharedSecret, baseUrl: siteUrl } = host.site()
  const asTenant = ['--tenant', clientKey, ...tenantOptions, '--base-url', baseUrl]
  const file = join(folder, 'audit.jsonl')
  const stdin = async () => JSON.stringify(recording())
  const everything: string[] = []
  const run = async (argv: string[], world = {}) => {
    const ran = await runCli(argv, { stdin, ...world })
    everything.push(ran.err, ...(argv.includes('--send') ? [ran.out] : []))
    return ran
  }

  for (const command of [
    ['sign', '/page'],
    ['replay', '-']
  ]) {
    t.match(await run([...command, ...asTenant]), { code: 2, out: '', err: /say --yes/ })
    t.match(await run([...command, ...tenantOptions]), { code: 2, err: /is for --tenant/ })
    t.match(await run([...command, ...asTenant, '--yes', '--site', 'x']), { code: 2, err: /simulated sites/ })
    const nobody = ['--tenant', 'nobody', ...tenantOptions, '--base-url', baseUrl, '--yes']
    t.match(await run([...command, ...nobody]), { code: 2, err: /no tenant "nobody"/ })
  }
  t.match(await run(['sign', '/x', '--kind', 'forge', ...asTenant, '--yes']), {
    code: 2,
    err: /only Atlassian has the key/
  })
  t.equal(heard.length, 0)

  const signed = await run(['sign', '/page?cup=1', ...asTenant, '--yes', '--user', 'someone', '--audit-file', file])
  t.match(await app.inject(signed.out.trim().slice('GET '.length)), { statusCode: 200, body: '{"account":"someone"}' })
  t.match(signed.err, /^audit \{"at":"20.*"clientKey":".*"command":"sign","kind":"page",.*"step":"signed"\}\n$/)
  t.notMatch(signed.err, /cup=1/, 'no query')
  t.equal(statSync(file).mode & 0o777, 0o600)

  const sent = await run(['sign', '/page', ...asTenant, '--yes', '--send', '--audit-file', file])
  t.match(sent, { code: 0, out: /^200/ })
  const rest = await run(['sign', '/rest/api/3/myself', '--kind', 'rest', '--send', ...asTenant, '--yes'])
  t.match(rest, { code: 0, out: /accountId/ }, 'the site takes a call of the app')
  t.match(rest.err, `"url":"${siteUrl}/rest/api/3/myself"`)

  const replayed = await run(['replay', '-', ...asTenant, '--yes', '--audit-file', file])
  t.match(replayed, { code: 0, out: /1 of 1 were taken/ })
  t.equal(heard.length, 1)
  const steps = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).step)
  t.same(steps, ['signed', 'sending', 'answered', 'sending', 'answered'])

  const lost = await run(['replay', '-', ...asTenant, '--base-url', 'http://127.0.0.1:1', '--yes'])
  t.match(lost, { code: 3, out: /^lost/, err: /"step":"lost"/ })
  const unwritable = ['--yes', '--audit-file', join(folder, 'missing', 'audit')]
  t.match(await run(['sign', '/page', ...asTenant, ...unwritable]), { code: 1, out: '', err: /ENOENT/ })
  t.match(await run(['replay', '-', ...asTenant, ...unwritable]), { code: 1, err: /ENOENT/ })
  t.equal(heard.length, 1, 'nothing was delivered without its line')
  const forge = recording({ kind: 'forge-event' })
  const world = { stdin: async () => JSON.stringify(forge) }
  t.match(await run(['replay', '-', ...asTenant, '--yes'], world), { code: 2, err: /simulated site only/ })

  for (const text of [...everything, readFileSync(file, 'utf8')]) {
    t.notMatch(text, sharedSecret)
    t.notMatch(text, /eyJ/)
  }
})

t.test('the simulated host is looked for on this machine only', async (t) => {
  for (const url of [
    'https://acme.atlassian.net',
    'http://10.0.0.1:3001',
    'http://localhost.example.com',
    'nonsense'
  ]) {
    t.match(await runCli(['sign', '/page', '--host', url]), { code: 2, err: /on this machine/ }, url)
  }
  t.match(await runCli(['sign', '/page', '--host', 'http://127.0.0.1:1']), {
    code: 1,
    err: /start one with "fastify-atlassian dev"/
  })
  for (const path of ['page', '//evil.example.com', '/a b', '/a?jwt=x', '/a#b']) {
    t.match(await runCli(['sign', path, '--tenant', 'x', '--yes', '--database', 'x']), { code: 2 }, path)
  }
})
