import { setTimeout as pause } from 'node:timers/promises'
import type { DevEventMap, DevSite } from '../dev-events.ts'
import { messageOf, type Reporter } from './report.ts'
import { InstallFailedError, type Registration, type RegistrationResult, type SiteClient } from './site-client.ts'

/** Registers one app on several sites. A site that fails is told, and hinders no other one. Neither method rejects. */
export interface Registrar {
  /** Says which sites have the app now, and which have not. */
  register(registration: Registration, signal: AbortSignal): Promise<DevEventMap['appRegistered']>
  /** From the sites on which this run registered it, or from all. Says which do not have it any more. */
  deregister(appKey: string, all: boolean, signal: AbortSignal): Promise<DevEventMap['appDeregistered']>
}

/** Until the name of a new tunnel is known everywhere. */
const SECOND_TRY_MS = 5000

/** Remembers where this run has registered the app. */
export function createRegistrar(
  sites: readonly SiteClient[],
  reporter: Reporter,
  secondTryMs = SECOND_TRY_MS
): Registrar {
  const registered = new Set<SiteClient>()

  async function registerOn(site: SiteClient, registration: Registration, signal: AbortSignal): Promise<boolean> {
    try {
      const result = await tried(site, registration, signal)
      if (result !== 'present') registered.add(site)
      const words = {
        registered: `registered on ${site.name}`,
        disabled: `registered on ${site.name}, where an administrator has switched the app off: switch it on there`,
        present: `${site.name} has the app already; --register always registers it anew`
      }
      reporter.tell('site', words[result], { site: site.name, state: result })
      return true
    } catch (error) {
      if (!signal.aborted) {
        reporter.tell('problem', `not registered on ${site.name}: ${messageOf(error)}`, { site: site.name })
      }
      return false
    }
  }

  async function tried(site: SiteClient, registration: Registration, signal: AbortSignal): Promise<RegistrationResult> {
    try {
      return await site.register(registration, signal)
    } catch (error) {
      if (!registration.fresh || !(error instanceof InstallFailedError)) throw error
      reporter.tell('note', `${site.name} is asked once more, because the address of the tunnel is new`)
      await pause(secondTryMs, undefined, { signal })
      return await site.register(registration, signal)
    }
  }

  async function deregisterFrom(site: SiteClient, appKey: string, signal: AbortSignal): Promise<boolean> {
    try {
      await site.deregister(appKey, signal)
      registered.delete(site)
      reporter.tell('site', `deregistered from ${site.name}`, { site: site.name, state: 'deregistered' })
      return true
    } catch (error) {
      reporter.tell('problem', `not deregistered from ${site.name}: ${messageOf(error)}`, { site: site.name })
      return false
    }
  }

  return {
    async register(registration, signal) {
      const done = await Promise.all(sites.map((site) => registerOn(site, registration, signal)))
      const { appKey } = registration
      return {
        appKey,
        hosts: toldOf(sites, (index) => done[index] === true),
        failed: toldOf(sites, (index) => !done[index])
      }
    },
    async deregister(appKey, all, signal) {
      const asked = all ? sites : [...registered]
      const done = await Promise.all(asked.map((site) => deregisterFrom(site, appKey, signal)))
      return { appKey, hosts: toldOf(asked, (index) => done[index] === true) }
    }
  }
}

function toldOf(sites: readonly SiteClient[], wanted: (index: number) => boolean): DevSite[] {
  return sites.filter((_site, index) => wanted(index)).map(({ site }) => site)
}
