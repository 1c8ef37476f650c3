const INSTALLATION = 'ari:cloud:ecosystem::installation/'
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The one name of a Forge installation, from its resource identifier or from the bare UUID; `null` for anything else.
 * Invocation tokens have the long form, bodies of events the bare one (forge.md 1.3), hooks of Connect either.
 */
export function installationAri(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const bare = value.startsWith(INSTALLATION) ? value.slice(INSTALLATION.length) : value
  return UUID.test(bare) ? `${INSTALLATION}${bare}` : null
}
