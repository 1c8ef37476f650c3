import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createKyselyTenantStore } from 'fastify-atlassian/store'
import type { HostSimulator } from 'fastify-atlassian/testing'
import type { Test } from 'tap'
import { testEncryption } from '../helpers/encryption.ts'

/** One running node: its address, and ways to end it. */
export interface RunningNode {
  readonly address: string
  readonly child: ChildProcess
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const program = fileURLToPath(new URL('../processes/node.ts', import.meta.url))

/** Starts a node on a database; it ends with the test. */
export async function startNode(
  t: Test,
  host: HostSimulator,
  database: string,
  extra: NodeJS.ProcessEnv = {}
): Promise<RunningNode> {
  const child = fork(program, {
    execArgv: ['--conditions=fastify-atlassian-source'],
    env: {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE: database,
      OPTIONS: JSON.stringify(host.connectOptions()),
      ...extra
    },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal))
  )
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { address: string }) => resolve(message.address))
    void ended.then((reason) => reject(new Error(`the node ended with ${reason}`)))
  })
  return { address, child, ended }
}

/** Brings the schema of an empty database up to date, as a deployment does before its nodes start. */
export async function migrate(database: string): Promise<void> {
  const store = createKyselyTenantStore({ appKey: 'team-app', database, migrate: true, encryption: testEncryption })
  await store.open()
  await store.close()
}
