import { AtlassianError } from '../errors.ts'
import { HostError } from '../host/host-error.ts'
import { type ServiceLookup, type ServiceParts, serviceTarget } from './service-target.ts'

/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * `app.atlassian.appProperties`: small JSON values that the host keeps for the app on one site. Pages of the app can
 * read them, so they are no place for secrets. All methods reject with HostError for what the host refuses, and as
 * `hostClient` does.
 */
export interface AppProperties {
  /** `undefined` if there is none. The type is the caller's word. */
  get<Value = unknown>(lookup: ServiceLookup, key: string): Promise<Value | undefined>
  /** Writes the value. Throws TypeError for what JSON cannot hold, `ATL_HOST_REQUEST` for more than 32,768 bytes. */
  set(lookup: ServiceLookup, key: string, value: JsonValue): Promise<void>
  /** Whether there was one. */
  delete(lookup: ServiceLookup, key: string): Promise<boolean>
  /** Every key, in the order of the host. */
  list(lookup: ServiceLookup): Promise<string[]>
}

/** Limits of the host (connect.md 7.3). */
const MAX_KEY_LENGTH = 127
const MAX_VALUE_BYTES = 32_768

/** The service. Connect's properties and Forge's own are two sets; which one is used is decided by who is called. */
export function createAppProperties(parts: ServiceParts): AppProperties {
  async function pathOf(lookup: ServiceLookup) {
    const { client, isForge } = await serviceTarget(parts, lookup)
    const path = isForge
      ? '/rest/forge/1/app/properties'
      : `/rest/atlassian-connect/1/addons/${encodeURIComponent(parts.appKey)}/properties`
    return { client, path }
  }

  return Object.freeze({
    async get<Value>(lookup: ServiceLookup, key: string) {
      const name = keyPath(key)
      const { client, path } = await pathOf(lookup)
      const answer = await orNull(client.get<{ readonly value?: Value }>(`${path}/${name}`))
      return answer?.value
    },
    async set(lookup: ServiceLookup, key: string, value: JsonValue) {
      const name = keyPath(key)
      const body = valueText(value)
      const { client, path } = await pathOf(lookup)
      // Sent again after a broken connection, it writes the same.
      await client.put(`${path}/${name}`, body, { headers: { 'content-type': 'application/json' }, retry: true })
    },
    async delete(lookup: ServiceLookup, key: string) {
      const name = keyPath(key)
      const { client, path } = await pathOf(lookup)
      return (await orNull(client.delete(`${path}/${name}`).then(() => true))) ?? false
    },
    async list(lookup: ServiceLookup) {
      const { client, path } = await pathOf(lookup)
      const { keys } = await client.get<{ readonly keys?: readonly { readonly key: string }[] }>(path)
      return (keys ?? []).map(({ key }) => key)
    }
  })
}

function keyPath(key: string): string {
  if (
    typeof key === 'string' &&
    key !== '' &&
    key.length <= MAX_KEY_LENGTH &&
    key.isWellFormed() &&
    key !== '.' &&
    key !== '..'
  ) {
    return encodeURIComponent(key)
  }
  throw new TypeError(`The key of an app property must be 1 to ${MAX_KEY_LENGTH} characters of well-formed text`)
}

function valueText(value: JsonValue): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError('The value of an app property must be JSON')
  if (Buffer.byteLength(text) <= MAX_VALUE_BYTES) return text
  const message = `The value of an app property has at most ${MAX_VALUE_BYTES} bytes as JSON`
  throw new AtlassianError('ATL_HOST_REQUEST', 'property-too-long', {}, { message })
}

/** `null` where the host has no such thing. */
async function orNull<Result>(answer: Promise<Result>): Promise<Result | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof HostError && error.status === 404) return null
    throw error
  }
}
