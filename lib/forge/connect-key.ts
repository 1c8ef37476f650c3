import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError } from '../errors.ts'
import type { HostClient } from '../host/host-client.ts'
import { HostError } from '../host/host-error.ts'
import type { ForgeTarget } from '../host/host-target.ts'
import type { Clock, Log } from '../ports.ts'
import type { ForgeAssociation } from '../tenant/forge-association.ts'
import { installationMark, type SettingsOwner } from '../tenant/settings-store.ts'
import type { TenantStore } from '../tenant/tenant-store.ts'
import { isMembers } from './forge-claims.ts'
import type { ForgeInstallationOf } from './system-tokens.ts'

/** Asks the host which Connect registration an installation is, and joins the two (forge.md 6.5 and 6.6). */
export interface ConnectKeys {
  /**
   * An installation without a Connect registration called: asks in the background, unless it was answered before or
   * asked lately. Never rejects.
   */
  wanted(of: ForgeInstallationOf, products: readonly string[]): Promise<void>
}

export interface ConnectKeysOptions {
  /** `app.connect.key` of the manifest. */
  readonly appKey: string
  readonly store: Pick<TenantStore, 'settings'>
  readonly association: Pick<ForgeAssociation, 'link'>
  readonly targetOf: (of: ForgeInstallationOf, product: string) => Promise<ForgeTarget>
  readonly client: (target: ForgeTarget) => Pick<HostClient, 'get'>
  readonly clock: Clock
  readonly log: Log
}

/** The synthetic property that tells it, the same for every app. */
const PROPERTY = 'connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8'

/** Where each product tells it. */
const PATHS: ReadonlyMap<string, (appKey: string) => string> = new Map([
  ['jira', propertyPath],
  ['confluence', propertyPath],
  ['bitbucket', (appKey) => `/2.0/addon/${encodeURIComponent(appKey)}/client-key`]
])

function propertyPath(appKey: string): string {
  return `/rest/atlassian-connect/1/addons/${encodeURIComponent(appKey)}/properties/${PROPERTY}`
}

const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000
/** A clear answer is kept for so long: an app may get its `app.connect.key` with a later version. */
const ANSWERED_MS = 30 * 24 * 3_600_000
const MAX_REMEMBERED = 10_000
/** Questions under way at once; the next call of an installation asks again. */
const MAX_PARALLEL = 4

const DONE = 'connect-key'

export function createConnectKeys(options: ConnectKeysOptions): ConnectKeys {
  const { appKey, store, association, targetOf, client, clock, log } = options
  const asked = new BoundedMap<string, { readonly nextAtMs: number; readonly pauseMs: number }>(MAX_REMEMBERED)
  let underWay = 0

  /** The clientKey that the host tells; `null` if every product says that there is none. */
  async function ask(of: ForgeInstallationOf, products: readonly string[]): Promise<string | null> {
    for (const product of products) {
      const path = PATHS.get(product)?.(appKey)
      if (path === undefined) continue
      try {
        return readClientKey(await client(await targetOf(of, product)).get(path))
      } catch (error) {
        if (!(error instanceof HostError) || error.status !== 404) throw error
      }
    }
    return null
  }

  /** Makes this process the one that asks, unless another one asked lately or has the answer. */
  async function claim(of: ForgeInstallationOf): Promise<boolean> {
    const nowMs = clock()
    const stored = (await store.settings?.get(ownerOf(of), DONE, nowMs)) ?? null
    if (stored !== null) {
      putOff(of, (stored.expiresAtMs ?? nowMs) - nowMs)
      return false
    }
    try {
      await note(of, 'asked', FIRST_PAUSE_MS, null)
      return true
    } catch (error) {
      if (error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT') return false
      throw error
    }
  }

  async function note(of: ForgeInstallationOf, outcome: string, pauseMs: number, ifVersion?: null): Promise<void> {
    const nowMs = clock()
    const setting = { key: DONE, value: JSON.stringify(outcome), expiresAtMs: nowMs + pauseMs, updatedAtMs: nowMs }
    await store.settings?.set(ownerOf(of), setting, ifVersion)
  }

  async function answer(of: ForgeInstallationOf, products: readonly string[], againMs: number): Promise<void> {
    if (!(await claim(of))) return
    const clientKey = await ask(of, products)
    const linked = clientKey === null ? null : await association.link(of, clientKey)
    const outcome = linked?.outcome ?? 'none'
    log.info({ ...of, outcome }, 'the host was asked which Connect registration an installation of Forge is')
    // Its hook may be on its way: a registration that is not here yet is asked about again, as after a failure.
    const pauseMs = outcome === 'no-registration' ? againMs : ANSWERED_MS
    if (outcome !== 'no-registration') putOff(of, pauseMs)
    // The tenant that asked may have become one with another, which has its installation now.
    await note({ ...of, tenantId: linked?.tenant.tenantId ?? of.tenantId }, outcome, pauseMs)
  }

  function putOff(of: ForgeInstallationOf, ms: number): void {
    // Pauses grow in whichever process asks next, and never shrink because an answer took its time.
    const grownMs = asked.peek(idOf(of))?.pauseMs ?? FIRST_PAUSE_MS
    const pauseMs = Math.min(Math.max(ms * 2, grownMs), LONGEST_PAUSE_MS)
    asked.set(idOf(of), { nextAtMs: clock() + ms, pauseMs })
  }

  return {
    async wanted(of, products) {
      const id = idOf(of)
      const before = asked.peek(id)
      if ((before !== undefined && clock() < before.nextAtMs) || underWay >= MAX_PARALLEL) return
      const pauseMs = before?.pauseMs ?? FIRST_PAUSE_MS
      asked.set(id, { nextAtMs: clock() + pauseMs, pauseMs: Math.min(pauseMs * 2, LONGEST_PAUSE_MS) })
      underWay += 1
      try {
        await answer(of, products, pauseMs)
      } catch (error) {
        const reason = error instanceof AtlassianError ? error.code : 'unknown'
        log.info({ ...of, reason }, 'which Connect registration an installation of Forge is could not be asked')
      } finally {
        underWay -= 1
      }
    }
  }
}

/** A text, or an object that names it; what a property is wrapped in is taken off (forge.md 6.5). */
function readClientKey(body: unknown): string {
  const value = isMembers(body) && 'value' in body ? body.value : body
  const key = isMembers(value) ? (value.clientKey ?? value.client_key ?? value.key) : value
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new AtlassianError('ATL_NO_TENANT', 'client-key-shape')
  }
  return key
}

/** Beside the settings of the installation, so that no code of the app meets it. */
function ownerOf({ tenantId, installationId, environmentId }: ForgeInstallationOf): SettingsOwner {
  return { tenantId, installation: installationMark({ installationId: `${DONE} ${installationId}`, environmentId }) }
}

function idOf({ tenantId, installationId, environmentId }: ForgeInstallationOf): string {
  return `${tenantId}\n${installationId}\n${environmentId}`
}
