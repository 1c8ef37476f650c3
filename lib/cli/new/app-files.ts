import { type Choice, CLIENT, hasConnect, hasForge, lines, type NewFile } from './choice.ts'
import { policy } from './project-files.ts'

/** The source of the backend. */
export function appFiles(choice: Choice): NewFile[] {
  return [
    { path: 'src/app.ts', text: app(choice) },
    { path: 'src/server.ts', text: server },
    { path: 'src/events.ts', text: events(choice) },
    ...(choice.frontEnd
      ? [
          { path: 'src/place.ts', text: place(choice) },
          { path: 'src/routes/notes.ts', text: notes(choice) },
          ...(hasConnect(choice) ? [{ path: 'src/routes/pages.ts', text: pages }] : [])
        ]
      : [])
  ]
}

function app(choice: Choice): string {
  const { frontEnd } = choice
  const connect = hasConnect(choice)
  const forge = hasForge(choice)
  return lines(
    connect && "import { join } from 'node:path'",
    "import Fastify, { type FastifyInstance } from 'fastify'",
    "import { type ConnectOptions, connectPlugin, redactingLogger } from 'fastify-atlassian'",
    "import { recordChanges } from './events.ts'",
    frontEnd && "import { noteRoutes } from './routes/notes.ts'",
    frontEnd && connect && "import { pageRoutes } from './routes/pages.ts'",
    '',
    connect && "const root = join(import.meta.dirname, '..')",
    connect && '',
    forge && [
      '/** What Forge calls by itself, at the paths of manifest.yml. Until `forge register` gave an id, no call fits this one. */',
      'const forge = {',
      "  appId: '00000000-0000-4000-8000-000000000000',",
      "  environments: ['PRODUCTION'],",
      "  keepAlivePath: '/forge/heartbeat',",
      '  events: {}',
      '}',
      ''
    ],
    '/** The whole app; `options` are what differs between production, development and tests. */',
    'export async function buildApp(options: Partial<ConnectOptions> = {}): Promise<FastifyInstance> {',
    '  // Page URLs carry a token; this keeps it out of the log. While the app closes, what is under way is answered.',
    "  const usual = process.env.NODE_ENV === 'production' ? 'info' : 'warn'",
    '  const logger = { level: process.env.LOG_LEVEL ?? usual, ...redactingLogger }',
    '  const app = Fastify({ logger, return503OnClosing: false })',
    '',
    '  await app.register(connectPlugin, {',
    connect && "    descriptor: join(root, 'atlassian-connect.json'),",
    !connect && `    appKey: '${choice.key}',`,
    "    baseUrl: 'http://localhost:3000',",
    "    store: 'sqlite:notes.sqlite',",
    frontEnd && connect && "    views: { root: join(root, 'views') },",
    `    ...options${forge ? ',' : ''}`,
    forge && '    forge: { ...forge, ...options.forge }',
    '  })',
    '',
    frontEnd && connect && '  await app.register(pageRoutes)',
    frontEnd && '  await app.register(noteRoutes)',
    '  recordChanges(app)',
    "  app.get('/health', app.atlassian.protect('none'), async () => ({ ok: true }))",
    '  return app',
    '}'
  )
}

const server = lines(
  "import { optionsFromEnv } from 'fastify-atlassian'",
  "import { buildApp } from './app.ts'",
  '',
  'const { port, host, options } = optionsFromEnv()',
  'const app = await buildApp(options)',
  '',
  "for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())",
  'await app.listen({ port, host })'
)

function events(choice: Choice): string {
  const jira = choice.product === 'jira'
  const [thing, id] = jira ? ['issue', 'issueId'] : ['page', 'contentId']
  return lines(
    "import type { FastifyInstance } from 'fastify'",
    '',
    `/** The last ${thing} that was changed on a site, as a setting of its tenant. */`,
    "export const LAST_CHANGE = 'last-change'",
    '',
    '/** Follows what happens on the sites. A handler may run twice for one event, and this one does not mind. */',
    'export function recordChanges(app: FastifyInstance): void {',
    hasConnect(choice) && hasForge(choice) && '  // One handler for the webhook of Connect and the trigger of Forge.',
    `  app.atlassian.events.onEither('${thing}_updated', async ({ tenant, ids }) => {`,
    `    await tenant.settings.set(LAST_CHANGE, { ${thing}: ids.${id} })`,
    '  })',
    '}'
  )
}

function place(choice: Choice): string {
  const connect = hasConnect(choice)
  const forge = hasForge(choice)
  const jira = choice.product === 'jira'
  return lines(
    "import type { FastifyRequest } from 'fastify'",
    connect && forge && "import { requireAtlassian } from 'fastify-atlassian'",
    connect && !forge && "import { requireConnect } from 'fastify-atlassian'",
    !connect && "import { requireForge } from 'fastify-atlassian'",
    '',
    `/** The ${jira ? 'issue' : 'page'} in front of the user, as the host signed it: never from the query or the body. */`,
    'export function placeOf(request: FastifyRequest): string | null {',
    connect &&
      forge && [
        '  const call = requireAtlassian(request)',
        "  if (call.platform === 'forge') return idOf(call.forge.context?.extension." +
          (jira ? 'issue' : 'content') +
          ')',
        `  return idOf(call.connect.context.${jira ? 'jira?.issue' : 'confluence?.content'})`
      ],
    connect &&
      !forge && [
        '  const { connect } = requireConnect(request)',
        `  return idOf(connect.context.${jira ? 'jira?.issue' : 'confluence?.content'})`
      ],
    !connect && [
      '  const { forge } = requireForge(request)',
      `  return idOf(forge.context?.extension.${jira ? 'issue' : 'content'})`
    ],
    '}',
    '',
    'function idOf(thing: unknown): string | null {',
    "  return typeof thing === 'object' && thing !== null && 'id' in thing ? String(thing.id) : null",
    '}'
  )
}

function notes(choice: Choice): string {
  const jira = choice.product === 'jira'
  return lines(
    "import type { FastifyInstance } from 'fastify'",
    "import { placeOf } from '../place.ts'",
    '',
    'const note = {',
    "  type: 'object',",
    "  required: ['text'],",
    "  properties: { text: { type: 'string', maxLength: 2000 } }",
    '}',
    '',
    `/** One note for each ${jira ? 'issue' : 'page'}, for those who may see the ${jira ? 'issue' : 'page'}. */`,
    'export async function noteRoutes(app: FastifyInstance): Promise<void> {',
    '  const options = {',
    `    ...app.atlassian.protect(${policy(choice)}),`,
    jira
      ? "    preHandler: app.atlassian.authorizeJira({ issue: ['BROWSE_PROJECTS'] })"
      : "    preHandler: app.atlassian.authorizeConfluence({ content: 'read' })",
    '  }',
    '',
    "  app.get('/api/note', options, async (request) => {",
    '    const stored = await request.tenant?.settings.get(`note-${placeOf(request)}`)',
    "    return { text: typeof stored === 'string' ? stored : '' }",
    '  })',
    '',
    "  app.put<{ Body: { text: string } }>('/api/note', { ...options, schema: { body: note } }, async (request) => {",
    '    await request.tenant?.settings.set(`note-${placeOf(request)}`, request.body.text)',
    '    return { text: request.body.text }',
    '  })',
    '}'
  )
}

const pages = lines(
  "import { readFile, readdir } from 'node:fs/promises'",
  "import { extname, join } from 'node:path'",
  "import { fileURLToPath } from 'node:url'",
  "import type {} from '@fastify/view'",
  "import type { FastifyInstance } from 'fastify'",
  '',
  "const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' }",
  "const ui = join(import.meta.dirname, '../../ui')",
  `const client = fileURLToPath(new URL('.', import.meta.resolve('${CLIENT}')))`,
  '',
  '/** The page in the frame, and the files that it loads, which are for anybody. */',
  'export async function pageRoutes(app: FastifyInstance): Promise<void> {',
  "  app.get('/panel', app.atlassian.protect('page'), async (_request, reply) =>",
  "    reply.view('panel.hbs', { nonce: reply.scriptNonce })",
  '  )',
  '',
  "  for (const [path, folder] of [['/public', ui], ['/public/client', client]] as const) {",
  '    for (const name of await readdir(folder)) {',
  '      const type = types[extname(name)]',
  '      if (type === undefined) continue',
  '      const content = await readFile(join(folder, name))',
  "      app.get(`${path}/${name}`, app.atlassian.protect('none'), async (_request, reply) =>",
  '        reply.type(`${type}; charset=utf-8`).send(content)',
  '      )',
  '    }',
  '  }',
  '}'
)
