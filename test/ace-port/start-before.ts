import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { HostSimulator } from 'fastify-atlassian/testing'
import type { Test } from 'tap'

/** The app on the real ACE, as it runs in a process of its own. */
export interface AppBefore {
  readonly address: string
  readonly port: number
  /** Ends it, so that its port is free for the app that takes its place. */
  stop(): Promise<void>
}

const standIns = join(import.meta.dirname, 'stand-ins')
const packages = join(import.meta.dirname, '../ace/node_modules')

/** Starts `before/app.js` on a SQLite file; it ends with the test, if not before. */
export async function startBefore(t: Test, host: HostSimulator, file: string): Promise<AppBefore> {
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const { authorizationServer, hostScriptUrl, installKeyHosts } = host.connectOptions()
  const before = join(import.meta.dirname, 'before')
  const child = fork(join(before, 'app.js'), [], {
    cwd: before,
    env: {
      PATH: process.env.PATH,
      NODE_PATH: [packages, standIns].join(process.platform === 'win32' ? ';' : ':'),
      AC_OPTS: 'no-reg',
      PORT: String(port),
      PUBLIC_URL: address,
      AC_HOST_SCRIPT_URL: hostScriptUrl,
      NOTES_FILE: file,
      CONNECT_KEYS_CDN_URL: installKeyHosts[0],
      SIMULATED_AUTHORIZATION_SERVER: authorizationServer
    },
    execArgv: ['--no-warnings', '--require', join(standIns, 'loopback.js')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const ended = once(child, 'exit')
  async function stop(): Promise<void> {
    if (child.connected) child.disconnect()
    await ended
  }
  t.teardown(stop)
  await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => {
      throw new Error(`The app on ACE ended with ${code}`)
    })
  ])
  return { address, port, stop }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
