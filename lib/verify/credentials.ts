import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { SharedSecrets } from '../jwt/verify-connect.ts'
import { Secret } from '../secret.ts'

/** What the app keeps of one tenant: the secret of the last accepted install, and whatever else it likes. */
export interface Credentials<Entity> {
  readonly sharedSecret: string | Secret
  /** Comes back with the result. */
  readonly storedEntity: Entity
}

/** Reads what the app keeps of a tenant. Nothing = the tenant is unknown. `clientKey` was chosen by a stranger. */
export type CredentialsLoader<Entity> = (
  clientKey: string
) => Credentials<Entity> | null | undefined | Promise<Credentials<Entity> | null | undefined>

/** Credentials that can verify. */
export interface LoadedCredentials<Entity> {
  readonly secrets: SharedSecrets
  readonly storedEntity: Entity
}

/**
 * Asks the app for its credentials; `null` = unknown tenant. Throws `ATL_STORE_UNAVAILABLE` where the loader fails, and
 * AuthenticationError for a secret that is none: an empty one would verify whatever anybody signs.
 */
export async function loadCredentials<Entity>(
  loader: CredentialsLoader<Entity>,
  clientKey: string
): Promise<LoadedCredentials<Entity> | null> {
  const found = await ask(loader, clientKey)
  if (found === null || found === undefined) return null
  const { sharedSecret, storedEntity } = found
  const secret = sharedSecret instanceof Secret ? sharedSecret : toSecret(sharedSecret, clientKey)
  if (secret.reveal() === '') throw new AuthenticationError('tenant-without-secret', { clientKey })
  return {
    secrets: { sharedSecret: secret, previousSecret: null, previousSecretRetiredAtMs: null },
    storedEntity
  }
}

async function ask<Entity>(loader: CredentialsLoader<Entity>, clientKey: string) {
  try {
    return await loader(clientKey)
  } catch (cause) {
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'credentials-loader', {}, { cause })
  }
}

function toSecret(sharedSecret: unknown, clientKey: string): Secret {
  if (typeof sharedSecret !== 'string') throw new AuthenticationError('tenant-without-secret', { clientKey })
  return new Secret(sharedSecret)
}
