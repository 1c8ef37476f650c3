const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const BARE = new RegExp(`^${UUID}$`, 'i')
const APP = 'ari:cloud:ecosystem::app/'
const ENVIRONMENT = 'ari:cloud:ecosystem::environment/'
const SHORT_ENVIRONMENT = 'environment/'

/** The resource identifier of an app, from itself or from the bare UUID; `null` for anything else. */
export function appAri(value: unknown): string | null {
  return withPrefix(APP, value)
}

export { installationAri } from '../tenant/installation-ari.ts'

/**
 * The long form of an environment's id from the long, the short (`environment/<id>`) or the bare one; `null` for
 * anything else, and for an environment of another app.
 */
export function environmentAri(app: string, value: unknown): string | null {
  if (typeof value !== 'string') return null
  const prefix = `${ENVIRONMENT}${app.slice(APP.length)}/`
  if (value.startsWith(prefix)) return BARE.test(value.slice(prefix.length)) ? value : null
  const bare = value.startsWith(SHORT_ENVIRONMENT) ? value.slice(SHORT_ENVIRONMENT.length) : value
  return BARE.test(bare) ? `${prefix}${bare}` : null
}

/** The UUID at the end of an identifier. */
export function bareId(ari: string): string {
  return ari.slice(ari.lastIndexOf('/') + 1)
}

export function isUuid(value: string): boolean {
  return BARE.test(value)
}

function withPrefix(prefix: string, value: unknown): string | null {
  if (typeof value !== 'string') return null
  const bare = value.startsWith(prefix) ? value.slice(prefix.length) : value
  return BARE.test(bare) ? `${prefix}${bare}` : null
}
