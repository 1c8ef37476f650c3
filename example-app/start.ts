import { encryptionFromFile } from 'fastify-atlassian/store'
import { startWithSimulator } from './with-simulator.ts'

// `npm start`: the app and a small Atlassian to see it in, both on this machine, with no network.

const databaseUrl = process.env.DATABASE_URL || 'sqlite:example-app.sqlite'
const example = await startWithSimulator({
  port: Number(process.env.PORT ?? 3000),
  simulatorPort: Number(process.env.SIMULATOR_PORT ?? 3001),
  databaseUrl,
  // SQLite keeps such a key beside its file by itself; a server wants one from us.
  ...(databaseUrl.startsWith('postgres') ? { encryption: encryptionFromFile('example-app.key') } : {}),
  logLevel: process.env.LOG_LEVEL ?? 'warn'
})

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (stopping) return
    stopping = true
    await example.close()
    process.exit(0)
  })
}

const issue =
  'an issue with the checklist in it, buttons that install, rotate and uninstall,\n  a switch that moves the app from Connect to Forge with its data, and the log below'
console.log(`
Open ${example.host.url} in a browser.

  You will see ${issue}.
  The app listens on ${example.baseUrl} and keeps its data in ${databaseUrl.startsWith('postgres') ? 'PostgreSQL' : databaseUrl.replace('sqlite:', '')}.
  Ctrl+C stops both.
`)
