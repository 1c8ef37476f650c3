import { buildApp } from '../../example-app/app.ts'
import { manifest } from '../../example-app/forge.ts'
import { testEncryption } from '../helpers/encryption.ts'

/** One node of the example app, as `example-app/server.ts` but for sites on this machine. */
const { BASE_URL = '', DATABASE_URL = '', OPTIONS = '{}', PORT = '0' } = process.env
const app = await buildApp({
  baseUrl: BASE_URL,
  databaseUrl: DATABASE_URL,
  encryption: testEncryption,
  log: { level: 'error' },
  forge: { appId: manifest.app.id, environments: ['PRODUCTION'] },
  connect: JSON.parse(OPTIONS)
})
// Protected as a page: it answers only if the hash of the address is right.
app.get('/echo/*', async (request) => request.url)
process.once('SIGTERM', () => app.close().then(() => process.exit(0)))
// The parent's end is this node's end, whatever the parent died of.
process.on('disconnect', () => process.exit(1))
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
process.send?.({ ready: true })
