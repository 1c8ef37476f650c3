import { appendFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ConnectTenant } from '../tenant/tenant.ts'
import type { CliWorld } from './world.ts'

/** What was done with the secret of a real tenant. No member holds a query, a token or a secret. */
export interface AuditEntry {
  readonly command: 'sign' | 'replay'
  readonly step: 'signed' | 'sending' | 'answered' | 'lost'
  readonly kind: string
  readonly method: string
  readonly url: string
  readonly event?: string
  readonly status?: number
}

/** Writes a line on standard error, and into a file if one was named. Throws if the file cannot be written. */
export type Audit = (entry: AuditEntry) => void

/** Lines about one tenant. Whoever acts writes one before, so that nothing happens without it. */
export function createAudit(tenant: ConnectTenant, file: string | undefined, world: CliWorld): Audit {
  const { clock = Date.now } = world
  const who = { by: userName(), appKey: tenant.appKey, tenantId: tenant.tenantId, clientKey: tenant.clientKey }
  return (entry) => {
    const { origin, pathname } = new URL(entry.url)
    const line = JSON.stringify({ at: new Date(clock()).toISOString(), ...who, ...entry, url: origin + pathname })
    if (file !== undefined) appendFileSync(file, `${line}\n`, { mode: 0o600 })
    world.err(`audit ${line}\n`)
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without a name, as containers have them.
    return 'unknown'
  }
}
