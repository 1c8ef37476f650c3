import { type Choice, hasConnect, hasForge, lines, type NewFile } from './choice.ts'

/** What makes a folder a project: packages, types, what git leaves out, and the way to a server. */
export function projectFiles(choice: Choice): NewFile[] {
  const { database } = choice
  return [
    { path: 'package.json', text: `${JSON.stringify(packageJson(choice), null, 2)}\n` },
    { path: 'tsconfig.json', text: `${JSON.stringify(tsconfig, null, 2)}\n` },
    {
      path: '.gitignore',
      text: lines(
        'node_modules',
        '*.sqlite',
        '*.sqlite-shm',
        '*.sqlite-wal',
        '*.key',
        '.env',
        'credentials.json',
        'ui/build'
      )
    },
    {
      path: '.dockerignore',
      text: lines('node_modules', '.git', 'test', '*.sqlite*', '*.key', '.env', 'credentials.json')
    },
    { path: 'Dockerfile', text: dockerfile(choice) },
    { path: 'compose.yml', text: compose(choice) },
    {
      path: 'Procfile',
      text: lines(
        database === 'postgres' && 'release: npx fastify-atlassian migrate latest --database env:DATABASE_URL',
        'web: node src/server.ts'
      )
    },
    { path: 'README.md', text: readme(choice) }
  ]
}

function packageJson(choice: Choice): object {
  const { key, database, frontEnd, packageSpec } = choice
  const dev = ['fastify-atlassian dev', ...(hasForge(choice) && frontEnd ? ['--resource notes-ui=ui'] : [])].join(' ')
  return {
    name: key.toLowerCase().replace(/[^a-z0-9-]+/g, '-'),
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=22.18' },
    scripts: {
      start: dev,
      test: 'node --test "test/**/*.test.ts"',
      typecheck: 'tsc --noEmit',
      serve: 'node src/server.ts'
    },
    allowScripts: { node: true, 'better-sqlite3': false },
    dependencies: {
      ...(frontEnd && hasConnect(choice) ? { '@fastify/view': '^12.0.0' } : {}),
      ...(database === 'sqlite' ? { 'better-sqlite3': '^13.0.0' } : {}),
      fastify: '^5.0.0',
      'fastify-atlassian': packageSpec,
      ...(frontEnd && hasConnect(choice) ? { handlebars: '^4.7.8' } : {}),
      ...(database === 'postgres' ? { pg: '^8.11.0' } : {})
    },
    devDependencies: {
      '@types/node': '^24.0.0',
      'atlassian-jwt': '^2.0.3',
      ...(database === 'postgres' ? { 'better-sqlite3': '^13.0.0' } : {}),
      node: '^24.0.0',
      typescript: '^6.0.0 || ^7.0.0'
    }
  }
}

const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true
  },
  include: ['src', 'test']
}

function dockerfile(choice: Choice): string {
  return lines(
    'FROM node:24-slim',
    'WORKDIR /app',
    'COPY package.json package-lock.json ./',
    'RUN npm ci --omit=dev',
    'COPY src ./src',
    hasConnect(choice) && 'COPY atlassian-connect.json ./',
    choice.frontEnd && 'COPY ui ./ui',
    choice.frontEnd && hasConnect(choice) && 'COPY views ./views',
    'ENV NODE_ENV=production PORT=3000',
    'USER node',
    '# Node itself is process 1, so that it hears the signal that ends it.',
    'CMD ["node", "src/server.ts"]'
  )
}

function compose({ database }: Choice): string {
  const postgres = database === 'postgres'
  return lines(
    postgres
      ? '# `docker compose up postgres` is a database for development, `docker compose up --build` the whole app.'
      : '# The whole app: `docker compose up --build`.',
    'services:',
    '  app:',
    '    build: .',
    '    environment:',
    `      FASTIFY_ATLASSIAN_BASE_URL: ${'$'}{BASE_URL:?the public https address of the app}`,
    postgres
      ? '      DATABASE_URL: postgres://notes:notes@postgres:5432/notes'
      : '      DATABASE_URL: sqlite:/data/notes.sqlite',
    '      FASTIFY_ATLASSIAN_ENCRYPTION_KEY_FILES: first=/run/secrets/encryption',
    postgres && "      FASTIFY_ATLASSIAN_MIGRATE: 'true'",
    '    secrets:',
    '      - encryption',
    '    ports:',
    "      - '127.0.0.1:3000:3000'",
    '    stop_grace_period: 30s',
    !postgres && ['    volumes:', '      - data:/data'],
    postgres && ['    depends_on:', '      postgres:', '        condition: service_healthy'],
    postgres && [
      '  postgres:',
      '    image: postgres:17-alpine',
      '    environment:',
      '      POSTGRES_USER: notes',
      '      POSTGRES_PASSWORD: notes',
      '      POSTGRES_DB: notes',
      '    ports:',
      "      - '127.0.0.1:5432:5432'",
      '    volumes:',
      '      - data:/var/lib/postgresql/data',
      '    healthcheck:',
      "      test: ['CMD-SHELL', 'pg_isready --username=notes --dbname=notes']",
      '      interval: 2s',
      '      timeout: 3s',
      '      retries: 30'
    ],
    'secrets:',
    '  encryption:',
    '    # openssl rand -base64 32 > encryption.key',
    '    file: ./encryption.key',
    'volumes:',
    '  data:'
  )
}

function readme(choice: Choice): string {
  const { name, database, frontEnd } = choice
  return lines(
    `# ${name}`,
    '',
    '```sh',
    'npm install',
    'npm start     # the app and a simulated Jira and Confluence; open the address that it prints',
    'npm test',
    '```',
    '',
    'No account, tunnel or other server is needed. Change a file, and the app starts again.',
    '',
    '## What is where',
    '',
    '| File | What |',
    '| --- | --- |',
    '| `src/app.ts` | the app: options and routes |',
    '| `src/server.ts` | starts it, with options from the environment |',
    '| `src/events.ts` | what happens when an issue or a page is changed |',
    frontEnd && '| `src/routes/`, `ui/` | the notes: what the page calls, and the page |',
    hasConnect(choice) && '| `atlassian-connect.json` | what Connect knows of the app |',
    hasForge(choice) && '| `manifest.yml` | what Forge knows of the app |',
    '| `test/` | tests with a simulated host |',
    '',
    '## A route more',
    '',
    'Add it to `src/app.ts`. It is protected unless it says otherwise:',
    '',
    '```ts',
    `app.get('/api/hello', app.atlassian.protect(${policy(choice)}), async (request) => ({`,
    '  tenant: request.tenant?.tenantId',
    '}))',
    '```',
    '',
    '## To a server',
    '',
    '`Dockerfile`, `compose.yml` and `Procfile` are there. The app wants its public address, a database and a key:',
    '',
    '```sh',
    'openssl rand -base64 32 > encryption.key',
    'BASE_URL=https://app.example.com docker compose up --build',
    '```',
    database === 'postgres' && [
      '',
      'Development and tests use SQLite unless `DATABASE_URL` names a PostgreSQL: `docker compose up postgres` starts one at',
      '`postgres://notes:notes@127.0.0.1:5432/notes`, and `FASTIFY_ATLASSIAN_MIGRATE=true` makes its tables.'
    ],
    hasForge(choice) &&
      [
        '',
        '## To Forge',
        '',
        '`forge register` gives the app an id: put it into `manifest.yml` and `FASTIFY_ATLASSIAN_FORGE_APP_ID`, put the',
        'address of the app into `remotes`, then `forge deploy`.',
        frontEnd &&
          'Before that, bundle the page: `npx esbuild ui/panel.js --bundle --format=esm --outdir=ui/build` with `@forge/bridge` installed, and copy `ui/index.html` and `ui/style.css` beside it.'
      ].filter((line) => line !== false)
  )
}

/** The policy of what the page calls, as source. */
export function policy(choice: Choice): string {
  if (choice.platform === 'connect') return "['context', 'session']"
  return choice.platform === 'forge' ? "'forge'" : "['context', 'session', 'forge']"
}
