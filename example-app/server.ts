import { encryptionFromFile } from 'fastify-atlassian/store'
import { buildApp } from './app.ts'
import { manifest } from './forge.ts'

// The app as it runs in production, for sites on *.atlassian.net and *.jira.com.

const port = Number(process.env.PORT ?? 3000)
// Keys come from where secrets come from on your machines: here a file that is not beside the database.
const keyFile = process.env.ENCRYPTION_KEY_FILE

const app = await buildApp({
  baseUrl: process.env.BASE_URL ?? `http://localhost:${port}`,
  databaseUrl: process.env.DATABASE_URL || 'sqlite:example-app.sqlite',
  forge: {
    appId: process.env.FORGE_APP_ID ?? manifest.app.id,
    environments: (process.env.FORGE_ENVIRONMENTS ?? 'PRODUCTION').split(',')
  },
  ...(keyFile === undefined ? {} : { encryption: encryptionFromFile(keyFile, { create: false }) })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
await app.listen({ port, host: '0.0.0.0' })
