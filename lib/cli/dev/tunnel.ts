import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { MissingPackageError } from '../../errors.ts'
import { sentence } from './refusals.ts'
import { messageOf } from './report.ts'
import type { TunnelName } from './settings.ts'

/** A public address that leads to a port of this machine. */
export interface Tunnel {
  readonly url: string
  close(): Promise<void>
}

/** Where the tunnel leads, and what it may use. */
export interface TunnelOptions {
  readonly port: number
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What `credentials.json` has for ngrok. */
  readonly ngrok: Readonly<Record<string, unknown>> | null
  readonly signal: AbortSignal
}

/** Opens the tunnel. Rejects with a sentence that says what is missing. */
export function openTunnel(name: TunnelName, options: TunnelOptions): Promise<Tunnel> {
  return name === 'ngrok' ? openNgrok(options) : openCloudflared(options)
}

async function openNgrok({ port, cwd, env, ngrok }: TunnelOptions): Promise<Tunnel> {
  let loaded: unknown
  try {
    // From the project of the app, where its developer installs it.
    loaded = createRequire(join(cwd, 'package.json'))('@ngrok/ngrok')
  } catch (cause) {
    throw new MissingPackageError('@ngrok/ngrok', 'The tunnel of ngrok', cause)
  }
  const forward: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'forward') : undefined
  if (typeof forward !== 'function') throw new Error('The package "@ngrok/ngrok" has no function "forward"')
  const authtoken = ngrok?.authtoken ?? env.NGROK_AUTHTOKEN
  if (typeof authtoken !== 'string' || authtoken === '') {
    throw new Error(
      'ngrok needs an account: put {"ngrok": {"authtoken": "…"}} into credentials.json, or set NGROK_AUTHTOKEN'
    )
  }
  let listener: unknown
  try {
    listener = await forward({ proto: 'http', ...ngrok, authtoken, addr: port })
  } catch (error) {
    throw new Error(`ngrok does not open a tunnel: ${sentence(messageOf(error)).replaceAll(authtoken, '***')}`)
  }
  const url = callMember(listener, 'url')
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error('ngrok did not say the address of its tunnel')
  return {
    url: new URL(url).origin,
    async close() {
      await callMember(listener, 'close')
    }
  }
}

function callMember(value: unknown, name: string): unknown {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof member === 'function' ? Reflect.apply(member, value, []) : undefined
}

const OPEN_MS = 30_000
/** It says its address before its first connection stands. */
const CONNECT_MS = 10_000

async function openCloudflared({ port, env, signal }: TunnelOptions): Promise<Tunnel> {
  // A process group of its own: Ctrl-C must not end it before the app is deregistered through it.
  const child = spawn('cloudflared', ['tunnel', '--no-autoupdate', '--url', `http://127.0.0.1:${port}`], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32'
  })
  let last = ''
  const kill = () => void child.kill('SIGTERM')
  process.once('exit', kill)
  const gone = once(child, 'exit').then(
    ([code]) => `cloudflared ended with code ${code}: ${sentence(last)}`,
    (error: unknown) =>
      messageOf(error).includes('ENOENT')
        ? 'cloudflared is not on PATH; install it: https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/'
        : `cloudflared cannot be started: ${messageOf(error)}`
  )
  const address = Promise.withResolvers<string>()
  const connected = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') last = line
      const found = /https:\/\/[a-z0-9-]+\.trycloudflare\.com\b/.exec(line)?.[0]
      if (found !== undefined) address.resolve(found)
      if (/registered tunnel connection/i.test(line)) connected.resolve()
    })
  }
  async function close(): Promise<void> {
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      kill()
      await Promise.race([gone, pause(3000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
    }
  }

  const failed = gone.then((reason) => Promise.reject(new Error(reason)))
  failed.catch(() => {})
  const late = new AbortController()
  const either = AbortSignal.any([signal, late.signal])
  const tooLate = pause(OPEN_MS, undefined, { signal: either, ref: false }).then(() =>
    Promise.reject(new Error(`cloudflared did not say an address within ${OPEN_MS / 1000} seconds`))
  )
  tooLate.catch(() => {})
  try {
    const url = await Promise.race([address.promise, failed, tooLate])
    const enough = pause(CONNECT_MS, undefined, { signal: either }).catch(() => {})
    await Promise.race([connected.promise, enough, failed])
    return { url, close }
  } catch (error) {
    await close()
    throw error
  } finally {
    late.abort()
  }
}
