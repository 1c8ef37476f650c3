import type { Exchange, HostSimulator } from '../../testing/index.ts'
import { readManifestFile } from '../read-manifest-file.ts'
import type { DevHost, HostWorld } from './dev-host.ts'
import { freePorts } from './ports.ts'
import { messageOf, type Traffic } from './report.ts'
import type { DevSettings } from './settings.ts'
import { keepSites, knownSites } from './site-memory.ts'

/** The simulated Jira and Confluence. They live in this process, so that they outlive every restart of the app. */
export async function startSimulatedHost(settings: DevSettings, { reporter }: HostWorld): Promise<DevHost> {
  // Only here: no other command needs the simulator, which is as large as the rest.
  const { createHostSimulator } = await import('../../testing/index.ts')
  const appPort = await freePorts(settings.port, 1)
  const port = await freePorts(settings.hostPort, 3, [appPort])
  const { manifestFile } = settings
  const manifest = manifestFile === null ? undefined : readManifest(manifestFile)
  const sites = knownSites(settings.cwd)
  const forge = manifest === undefined ? {} : { manifest, resources: settings.resources }
  const host = await createHostSimulator({ port, sites, forge })
  const app = `http://127.0.0.1:${appPort}`
  host.onExchange((exchange) => {
    if (isWorthTelling(exchange)) reporter.traffic(trafficOf(exchange))
  })

  async function installConnect(site: string): Promise<void> {
    const { status, verdict } = await host.install(app, { site })
    const accepted = status === 200 || status === 204
    if (accepted) reporter.tell('site', `installed on ${site}`, { site, status, state: 'installed' })
    else reporter.tell('problem', `not installed on ${site}: ${verdict}`, { site, status })
  }

  async function installForge(site: string): Promise<void> {
    const { id } = await host.forge.install(app, { site })
    reporter.tell('site', `installed on ${site} as a Forge app`, { site, state: 'installed', installation: id })
  }

  return {
    appPort,
    appOptions: {
      baseUrl: app,
      ...host.connectOptions(),
      ...(manifest === undefined ? {} : { forge: host.forge.connectOptions() }),
      watchDescriptor: true
    },
    basePath: '',
    pageUrl: host.url,
    appStopping() {},
    async appReady(occasion) {
      const hasConnect = await servesDescriptor(app)
      for (const site of host.sites) {
        try {
          // Uninstalled by hand in the pages of the host: that stays so.
          if (occasion !== 'first' && !site.installed) continue
          // The store of the app may have been memory, so it is told again who installed it.
          if (hasConnect && !isOnForge(host, site.name)) await installConnect(site.name)
          else if (manifest !== undefined && occasion === 'first') await installForge(site.name)
        } catch (error) {
          reporter.tell('problem', `not installed on ${site.name}: ${messageOf(error)}`, { site: site.name })
        }
      }
      if (!hasConnect && manifest === undefined) {
        reporter.tell('problem', 'the app serves no /atlassian-connect.json, and there is no manifest.yml')
      }
    },
    async manifestChanged() {
      if (manifestFile === null) return
      try {
        host.forge.deploy(readManifest(manifestFile))
        for (const { alive, stage, sites } of host.forge.installations) {
          if (alive) await host.forge.upgrade(app, { site: sites[0]?.name ?? '', to: stage })
        }
        reporter.tell('manifest', 'the manifest has changed and is deployed')
      } catch (error) {
        reporter.tell('problem', `the manifest is not deployed: ${messageOf(error)}`)
      }
    },
    async leave() {},
    async close() {
      keepSites(settings.cwd, host.sites)
      await host.close()
    }
  }
}

type ForgeManifest = NonNullable<Parameters<HostSimulator['forge']['deploy']>[0]>

function readManifest(file: string): ForgeManifest {
  const manifest = readManifestFile(file)
  if (typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)) return manifest as ForgeManifest
  throw new Error('manifest.yml is not a mapping')
}

async function servesDescriptor(app: string): Promise<boolean> {
  try {
    const { status } = await fetch(`${app}/atlassian-connect.json`, { signal: AbortSignal.timeout(5000) })
    return status === 200
  } catch {
    return false
  }
}

/** A site whose Connect part has fallen silent. */
function isOnForge({ forge }: HostSimulator, name: string): boolean {
  return forge.installations.some(
    ({ alive, stage, sites }) => alive && stage === 'forge' && sites.some((site) => site.name === name)
  )
}

/** What was signed, and what failed; not each key and descriptor that is read. */
function isWorthTelling({ tokenKind, status, kind }: Exchange): boolean {
  return tokenKind !== null || (status !== 0 && status >= 400 && kind !== 'browser')
}

function trafficOf({ direction, site, method, url, tokenKind, status, durationMs, verdict }: Exchange): Traffic {
  const { pathname, search } = new URL(url)
  return { direction, site, method, path: pathname + search, token: tokenKind, status, ms: durationMs, verdict }
}
