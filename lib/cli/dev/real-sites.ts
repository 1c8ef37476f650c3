import type { FetchLike } from '../../ports.ts'
import { Secret } from '../../secret.ts'
import type { CliWorld } from '../world.ts'
import { createBitbucketClient } from './bitbucket.ts'
import { basicHeader } from './credentials.ts'
import { servedDescriptor } from './descriptor-change.ts'
import type { DevHost, HostWorld } from './dev-host.ts'
import { freePorts } from './ports.ts'
import { createRegistrar } from './registrar.ts'
import { messageOf } from './report.ts'
import type { DevSettings } from './settings.ts'
import { memberOf, type SiteClient, siteTiming } from './site-client.ts'
import { startTrafficProxy } from './traffic-proxy.ts'
import { openTunnel, type Tunnel } from './tunnel.ts'
import { createUpmClient } from './upm.ts'

/** How long the end waits for the sites. */
const LEAVE_MS = 20_000

/** Whether the app lives on real sites: somebody has to be able to reach it there. */
export function wantsRealSites({ tunnel, publicUrl, credentials, register }: DevSettings): boolean {
  if (tunnel !== null || publicUrl !== null) return true
  const sites = credentials?.sites ?? []
  return register !== 'never' && sites.length > 0 && sites.every((site) => site.local)
}

/** Real sites, reached through a tunnel, with the logins of `credentials.json`. */
export async function startRealSites(
  settings: DevSettings,
  world: CliWorld,
  { reporter, events, signal }: HostWorld
): Promise<DevHost> {
  const { credentials, register, deregister } = settings
  const logins = [...(credentials?.sites ?? []), ...(credentials?.bitbucket ? [credentials.bitbucket] : [])]
  for (const login of logins) {
    reporter.hide(login.password)
    reporter.hide(basicHeader(login))
  }
  const authtoken = credentials?.ngrok?.authtoken
  if (typeof authtoken === 'string') reporter.hide(new Secret(authtoken))
  const port = await freePorts(settings.port, 1)
  if (settings.publicUrl !== null && port !== settings.port) {
    throw new Error(`Port ${settings.port} is in use, and your public address leads there: free it, or choose --port`)
  }
  const appPort = await freePorts(port + 1000 < 65_000 ? port + 1000 : port - 1000, 1)
  const proxy = await startTrafficProxy(port, appPort, reporter)
  let tunnel: Tunnel | null = null
  try {
    tunnel = await opened()
  } catch (error) {
    await proxy.close()
    throw error
  }
  const publicUrl = settings.publicUrl ?? tunnel?.url ?? `http://127.0.0.1:${port}`
  const basePath = new URL(publicUrl).pathname.replace(/\/+$/, '')
  if (tunnel !== null) {
    reporter.tell('tunnel', `${tunnel.url} leads to port ${port}`, { url: tunnel.url })
    events.emit('tunnelStarted', { publicUrl: tunnel.url })
  }

  const registrar = createRegistrar(clientsOf(settings, world.fetch), reporter)
  let appKey: string | null = null

  async function opened(): Promise<Tunnel | null> {
    if (settings.tunnel === null) return null
    const { cwd } = settings
    return await openTunnel(settings.tunnel, { port, cwd, env: world.env, ngrok: credentials?.ngrok ?? null, signal })
  }

  return {
    appPort,
    appOptions: { baseUrl: publicUrl, ...allowedHosts(settings), watchDescriptor: true },
    basePath,
    pageUrl: null,
    appStopping: () => proxy.hold(),
    async appReady(occasion) {
      const text = await servedDescriptor(`http://127.0.0.1:${appPort}${basePath}/atlassian-connect.json`)
      appKey = keyOf(text)
      proxy.release(appKey)
      if (appKey === null) {
        const how = `give ${publicUrl} as the base URL of its remote in manifest.yml, and run "forge deploy"`
        if (occasion === 'first') reporter.tell('note', `the app serves no descriptor; for a Forge app ${how}`)
        return
      }
      const descriptorUrl = `${publicUrl}/atlassian-connect.json`
      if (occasion === 'first') reporter.tell('note', `the descriptor is at ${descriptorUrl}`, { descriptorUrl })
      if (register === 'never') return
      // A restart changes nothing that a site knows, unless the app forgets what it was told.
      if (occasion === 'restarted' && register !== 'always') return
      // The address of a tunnel is another one than that of the last run.
      const force = register === 'always' || occasion === 'descriptor' || tunnel !== null
      const fresh = tunnel !== null && occasion === 'first'
      const result = await registrar.register({ appKey, descriptorUrl, force, fresh }, signal)
      if (!signal.aborted && result.hosts.length + result.failed.length > 0) events.emit('appRegistered', result)
    },
    async manifestChanged() {
      reporter.tell('note', 'the manifest has changed: run "forge deploy" to bring it to your sites')
    },
    async leave() {
      if (appKey === null || (register === 'never' && deregister === 'auto')) return
      const result = await registrar.deregister(appKey, deregister === 'always', AbortSignal.timeout(LEAVE_MS))
      if (result.hosts.length > 0) events.emit('appDeregistered', result)
    },
    async close() {
      await proxy.close()
      try {
        await tunnel?.close()
      } catch (error) {
        reporter.tell('problem', `the tunnel did not close: ${messageOf(error)}`)
      }
    }
  }
}

function clientsOf({ credentials, bitbucket }: DevSettings, fetch?: FetchLike): SiteClient[] {
  if (credentials === null) return []
  if (bitbucket && credentials.bitbucket !== null) {
    return [createBitbucketClient(credentials.bitbucket, siteTiming, fetch)]
  }
  return credentials.sites.map((site) => createUpmClient(site, siteTiming, fetch))
}

/** Who may install: the sites that the developer named, and nobody else who finds the tunnel. */
function allowedHosts({ credentials, bitbucket }: DevSettings): { allowedHosts?: string[] } {
  const sites = credentials?.sites ?? []
  return bitbucket || sites.length === 0 ? {} : { allowedHosts: [...new Set(sites.map((site) => site.origin))] }
}

function keyOf(descriptor: string | null): string | null {
  try {
    const key = memberOf(JSON.parse(descriptor ?? 'null'), 'key')
    return typeof key === 'string' ? key : null
  } catch {
    return null
  }
}
