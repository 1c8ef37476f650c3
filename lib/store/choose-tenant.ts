import { type ConnectTenant, isAlive, isConnected, type Tenant } from '../tenant/tenant.ts'

/**
 * The registration through which a tenant is seen where no name says which: the first that is installed, else the
 * first. `registrations` are the records of one tenant, oldest first.
 */
export function chooseRegistration(registrations: readonly ConnectTenant[]): ConnectTenant | null {
  return registrations.find(isConnected) ?? registrations[0] ?? null
}

/** The tenant that a name means: the only one with it, or the only one of them that lives. Anything else is a guess. */
export function chooseTenant(found: readonly Tenant[]): Tenant | null {
  // A guess would give one customer's data to another.
  if (found.length === 1) return found[0] ?? null
  const alive = found.filter(isAlive)
  return alive.length === 1 ? (alive[0] ?? null) : null
}
