import { type Choice, hasConnect, hasForge, lines, type NewFile } from './choice.ts'

/** Tests of the new app, which pass at once. */
export function testFiles(choice: Choice): NewFile[] {
  return [{ path: 'test/app.test.ts', text: appTest(choice) }]
}

function appTest(choice: Choice): string {
  const { product, frontEnd } = choice
  const connect = hasConnect(choice)
  const forge = hasForge(choice)
  const jira = product === 'jira'
  const subject = jira ? "issue: 'TEA-1'" : "page: '131073'"
  return lines(
    "import assert from 'node:assert/strict'",
    forge && "import { readFileSync } from 'node:fs'",
    "import { after, test } from 'node:test'",
    `import { createHostSimulator${forge ? ', parseManifest' : ''} } from 'fastify-atlassian/testing'`,
    "import { buildApp } from '../src/app.ts'",
    "import { LAST_CHANGE } from '../src/events.ts'",
    '',
    "process.env.LOG_LEVEL = 'error'",
    forge && ["const manifest = parseManifest(readFileSync(new URL('../manifest.yml', import.meta.url), 'utf8'))"],
    'const host = await createHostSimulator({',
    `  sites: [{ name: 'site', product: '${product}' }]${forge ? ',' : ''}`,
    forge && '  forge: { manifest }',
    '})',
    'const app = await buildApp({',
    '  ...host.connectOptions(),',
    "  baseUrl: 'https://app.example.com',",
    `  store: ':memory:'${forge ? ',' : ''}`,
    forge && '  forge: host.forge.connectOptions()',
    '})',
    'after(async () => {',
    '  await app.close()',
    '  await host.close()',
    '})',
    connect ? 'await host.install(app)' : 'await host.forge.install(app)',
    '',
    frontEnd &&
      connect && [
        `test('the panel opens for a user of the site, and keeps a note', async () => {`,
        `  const place = { ${subject}, user: 'Bo' }`,
        "  const page = await host.openPage('notes-panel', place)",
        '  assert.equal(page.status, 200)',
        '  assert.match(page.body, /<textarea id="note"/)',
        '',
        "  const saved = await host.callApp('/api/note', { ...place, method: 'PUT', body: { text: 'Warm the pot' } })",
        '  assert.equal(saved.status, 200)',
        "  const read = await host.callApp('/api/note', place)",
        "  assert.deepEqual(JSON.parse(read.body), { text: 'Warm the pot' })",
        '})',
        '',
        "test('nobody reads a note without a token', async () => {",
        "  assert.equal((await app.inject('/api/note')).statusCode, 401)",
        '})',
        ''
      ],
    connect && [
      `test('a change of ${jira ? 'an issue' : 'a page'} is remembered', async () => {`,
      `  await host.sendWebhook('${jira ? 'jira:issue_updated' : 'page_updated'}', { ${subject} })`,
      '  const tenant = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })',
      '  await eventually(async () => tenant?.settings.get(LAST_CHANGE))',
      '})',
      ''
    ],
    ...(forge ? forgeTest(choice, subject) : []),
    '/** Events are handled after their answer. */',
    'async function eventually<Value>(look: () => Promise<Value | null | undefined>): Promise<Value> {',
    '  for (let tries = 0; tries < 200; tries += 1) {',
    '    const found = await look()',
    '    if (found !== null && found !== undefined) return found',
    '    await new Promise((resolve) => setTimeout(resolve, 10))',
    '  }',
    "  throw new Error('It did not happen within two seconds')",
    '}'
  )
}

function forgeTest(choice: Choice, subject: string): (string | false)[] {
  const connect = hasConnect(choice)
  const jira = choice.product === 'jira'
  const find = [
    '  const { id } = host.forge.installation()',
    '  const tenant = await eventually(() => app.atlassian.tenants.find({ installationId: id }))'
  ]
  return [
    ...(connect
      ? [
          "test('the same data is there after the move to Forge', async () => {",
          '  const before = await app.atlassian.tenants.find({ clientKey: host.site().clientKey })',
          "  await host.forge.upgrade(app, { to: 'connect-on-forge' })",
          '  await host.forge.upgrade(app)',
          ...find,
          '  assert.equal(tenant.tenantId, before?.tenantId)'
        ]
      : ["test('Forge calls the app, and a change is remembered', async () => {", ...find]),
    ...(choice.frontEnd ? noteOnForge(connect, subject) : []),
    `  await host.forge.event(app, '${jira ? 'avi:jira:updated:issue' : 'avi:confluence:updated:page'}', { ${subject} })`,
    '  await eventually(() => tenant.settings.get(LAST_CHANGE))',
    '})',
    ''
  ]
}

function noteOnForge(connect: boolean, subject: string): (string | false)[] {
  return [
    `  const place = { ${subject}, user: 'Bo', module: 'notes-panel' }`,
    !connect && "  const note = { method: 'PUT', body: { text: 'Warm the pot' } }",
    !connect && "  const saved = await host.forge.invokeRemote(app, '/api/note', { ...place, ...note })",
    !connect && '  assert.equal(saved.status, 200, saved.body)',
    "  const read = await host.forge.invokeRemote(app, '/api/note', place)",
    "  assert.deepEqual(JSON.parse(read.body), { text: 'Warm the pot' })"
  ]
}
