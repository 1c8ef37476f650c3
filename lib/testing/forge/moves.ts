import type { LifecycleCalls } from '../lifecycle-calls.ts'
import type { Site } from '../site.ts'
import type { App, Exchange } from '../types.ts'
import { chooseUser } from '../users.ts'
import type { Deliveries } from './deliveries.ts'
import { lifecyclePayload } from './event-payloads.ts'
import type { ForgeWorld, SendForge } from './forge-calls.ts'
import { type Installation, siteAri } from './installations.ts'
import type { ForgeHost, ForgeInstallOptions, ForgeStage } from './types.ts'

/** A remote gets 55 s for the goodbye of an installation. */
const PRE_UNINSTALL_MS = 55_000

export type Moves = Pick<ForgeHost, 'install' | 'upgrade' | 'reinstall' | 'uninstall'>

export interface MovesOptions {
  readonly world: ForgeWorld
  readonly send: SendForge
  readonly deliveries: Deliveries
  readonly connect: LifecycleCalls
  readonly appId: string
  readonly version: () => string
  readonly clientKeyShape: 'text' | 'object'
  /** Makes the Connect app known to a site. */
  readonly meetConnect: (site: Site, app: App) => Promise<void>
}

/** Everything that gives a site an installation, changes it or takes it away. */
export function createMoves(given: MovesOptions): Moves {
  const { world, send, deliveries, connect, appId, version, clientKeyShape, meetConnect } = given
  const { installations } = world
  const accountId = chooseUser(undefined)?.accountId ?? ''

  async function tell(app: App, installation: Installation, event: 'installed' | 'upgraded'): Promise<void> {
    const payload = lifecyclePayload(event, installation, appId, accountId)
    await deliveries.toTriggers(app, installation, installation.sites[0], `avi:forge:${event}:app`, { payload })
  }

  /** Connect's `installed` with the installation's id. In life the whole installation fails with it. */
  async function sendHooks(installation: Installation, newSecret: boolean): Promise<void> {
    for (const site of installation.sites) {
      if (site.app === null) continue
      const before = site.installationId
      site.installationId = installation.id
      const exchange = await connect.install(site, newSecret ? 'newSecret' : undefined)
      if (exchange.status === 200 || exchange.status === 204) continue
      site.installationId = before
      throw new Error(`LIFECYCLE_HOOK_FAILED: ${exchange.verdict}`)
    }
  }

  function sitesOf(options: ForgeInstallOptions): [Site, ...Site[]] {
    const site = world.findSite(options.site)
    const further = (options.products ?? []).map((name) => world.findSite(name)).filter((each) => each !== site)
    return [site, ...further]
  }

  function add(sites: readonly [Site, ...Site[]], options: ForgeInstallOptions, stage: ForgeStage): Installation {
    const installation = installations.add(sites, options.environment ?? 'PRODUCTION', stage, version())
    revealClientKeys(installation)
    return installation
  }

  /** The reserved app property: only where the app was a Connect app of the key that its manifest names. */
  function revealClientKeys({ sites }: Installation): void {
    const { given, connectKey } = world.manifest()
    for (const site of sites) {
      const known = site.app?.descriptor.key
      if (known === undefined || !(site.installed || site.installationId !== null)) continue
      if (given && connectKey !== known) continue
      site.reservedClientKey = clientKeyShape === 'text' ? site.clientKey : { clientKey: site.clientKey }
    }
  }

  /** Without a callback: nobody tells the app that its Connect part is over. */
  function silenceConnect({ sites }: Installation): void {
    for (const site of sites) {
      site.installed = false
      site.enabled = false
    }
  }

  async function sayGoodbye(app: App, installation: Installation): Promise<Exchange | null> {
    const [site] = installation.sites
    let last: Exchange | null = null
    for (const { key, endpoint } of world.manifest().preUninstall) {
      if (endpoint?.path == null) continue
      last = await send(app, {
        kind: 'pre-uninstall',
        installation,
        site,
        module: { type: 'core:endpoint', key: endpoint.key },
        page: null,
        auth: { system: endpoint.system, user: false },
        method: 'POST',
        path: endpoint.path,
        body: JSON.stringify({
          context: { cloudId: site.cloudId, moduleKey: key, installContext: siteAri(site) },
          contextToken: 'opaque'
        }),
        timeoutMs: PRE_UNINSTALL_MS,
        options: {}
      })
    }
    return last
  }

  async function end(installation: Installation): Promise<void> {
    const wasConnect = installation.stage === 'connect-on-forge'
    for (const site of installation.sites) {
      if (wasConnect && site.installed) await connect.uninstall(site)
      site.installationId = null
    }
    world.tokens.revoke(installation)
    installation.alive = false
  }

  const moves: Moves = {
    async install(app, options = {}) {
      const stage = options.stage ?? 'forge'
      const installation = add(sitesOf(options), options, stage)
      if (stage === 'connect-on-forge') {
        try {
          for (const site of installation.sites) await meetConnect(site, app)
          await sendHooks(installation, false)
        } catch (error) {
          installation.alive = false
          throw error
        }
        revealClientKeys(installation)
      }
      await tell(app, installation, 'installed')
      return installation
    },

    async upgrade(app, options = {}) {
      const sites = sitesOf(options)
      const to = options.to ?? 'forge'
      const known = installations.find(sites[0], options.environment ?? 'PRODUCTION')
      if (known === undefined && !sites[0].installed) {
        throw new Error(`The simulated site "${sites[0].name}" has no app that could be upgraded.`)
      }
      const installation = known ?? add(sites, options, to)
      const hook = to === 'forge' ? 'never' : (options.hook ?? 'first')
      const before = { stage: installation.stage, appVersion: installation.appVersion }
      installation.stage = to
      installation.appVersion = version()
      try {
        if (hook === 'first') await sendHooks(installation, options.newSecret === true)
        if (to === 'forge') silenceConnect(installation)
        await tell(app, installation, known === undefined ? 'installed' : 'upgraded')
        if (hook === 'last') await sendHooks(installation, options.newSecret === true)
      } catch (error) {
        Object.assign(installation, before)
        if (known === undefined) installation.alive = false
        throw error
      }
      return installation
    },

    async reinstall(app, options = {}) {
      const old = installations.choose(options)
      const when = options.preUninstall ?? 'before'
      if (when === 'before') await sayGoodbye(app, old)
      // The site forgets the old one first, so that its tokens are dead whenever the goodbye comes.
      const hadConnect = old.stage === 'connect-on-forge'
      await end(old)
      const sites = options.products === undefined ? old.sites : sitesOf(options)
      const installation = installations.add(sites, old.environment.type, old.stage, version())
      if (hadConnect) await sendHooks(installation, false)
      revealClientKeys(installation)
      await tell(app, installation, 'installed')
      if (when === 'after') await sayGoodbye(app, old)
      return installation
    },

    async uninstall(app, options = {}) {
      const installation = installations.choose(options)
      await sayGoodbye(app, installation)
      await end(installation)
      return installation
    }
  }
  return moves
}
