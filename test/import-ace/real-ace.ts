import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { HostSimulator } from 'fastify-atlassian/testing'
import type { Test } from 'tap'

/** A method of ACE's store and its arguments; see ace-app.js for the two that ACE has not. */
export type AceCall = readonly [method: string, ...values: unknown[]]

/** An app that runs on the real ACE, in a process of its own. */
export interface AceApp {
  readonly address: string
  /** Calls its store, one call after the other. */
  store(...calls: AceCall[]): Promise<unknown[]>
}

/** Whether ACE is installed here; else a skipped test with the reason, or with REQUIRE_ACE=1 an error. */
export function hasAce(t: Test): boolean {
  if (existsSync(join(import.meta.dirname, '../ace/node_modules/atlassian-connect-express/package.json'))) return true
  const reason = 'The real ACE is not tested: it is not installed, "npm run test:ace" does that'
  if (process.env.REQUIRE_ACE === '1') throw new Error(reason)
  t.pass('ACE', { skip: reason })
  return false
}

/** Starts ACE on a store of its own kind; it ends with the test. */
export async function startAce(
  t: Test,
  host: HostSimulator,
  store: Readonly<Record<string, unknown>>
): Promise<AceApp> {
  const port = await freePort()
  const installKeyHost = host.connectOptions().installKeyHosts[0]
  const { DB_URL: _, ...env } = process.env
  const child: ChildProcess = fork(
    join(import.meta.dirname, '../ace/ace-app.js'),
    [JSON.stringify({ store, installKeyHost, port })],
    { env, execArgv: ['--no-warnings'] }
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`ACE ended with ${code}`)))
  })
  let lastId = 0
  return {
    address: `http://127.0.0.1:${port}`,
    store(...calls) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        const answered = (message: { id: number; answers?: unknown[]; error?: string }) => {
          if (message.id !== id) return
          child.off('message', answered)
          if (message.answers === undefined) reject(new Error(message.error))
          else resolve(message.answers)
        }
        child.on('message', answered)
        child.send({ id, calls })
      })
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
