import { setTimeout as pause } from 'node:timers/promises'
import { messageOf, type Reporter } from './report.ts'
import { InstallFailedError, type Registration, type RegistrationResult, type SiteClient } from './site-client.ts'

/** Registers one app on several sites. A site that fails is told, and hinders no other one. Neither method rejects. */
export interface Registrar {
  register(registration: Registration, signal: AbortSignal): Promise<void>
  /** From the sites on which this run registered it, or from all. */
  deregister(appKey: string, all: boolean, signal: AbortSignal): Promise<void>
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

  async function registerOn(site: SiteClient, registration: Registration, signal: AbortSignal): Promise<void> {
    try {
      const result = await tried(site, registration, signal)
      if (result !== 'present') registered.add(site)
      const words = {
        registered: `registered on ${site.name}`,
        disabled: `registered on ${site.name}, where an administrator has switched the app off: switch it on there`,
        present: `${site.name} has the app already; --register always registers it anew`
      }
      reporter.tell('site', words[result], { site: site.name, state: result })
    } catch (error) {
      if (signal.aborted) return
      reporter.tell('problem', `not registered on ${site.name}: ${messageOf(error)}`, { site: site.name })
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

  async function deregisterFrom(site: SiteClient, appKey: string, signal: AbortSignal): Promise<void> {
    try {
      await site.deregister(appKey, signal)
      registered.delete(site)
      reporter.tell('site', `deregistered from ${site.name}`, { site: site.name, state: 'deregistered' })
    } catch (error) {
      reporter.tell('problem', `not deregistered from ${site.name}: ${messageOf(error)}`, { site: site.name })
    }
  }

  return {
    async register(registration, signal) {
      await Promise.all(sites.map((site) => registerOn(site, registration, signal)))
    },
    async deregister(appKey, all, signal) {
      await Promise.all((all ? sites : [...registered]).map((site) => deregisterFrom(site, appKey, signal)))
    }
  }
}
