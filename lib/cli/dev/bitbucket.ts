import type { FetchLike } from '../../ports.ts'
import { basicHeader, type Login } from './credentials.ts'
import { bitbucketRefused, refusedAnswer } from './refusals.ts'
import {
  createSiteCaller,
  memberOf,
  RegistrationError,
  type SiteClient,
  type SiteTiming,
  siteTiming
} from './site-client.ts'

/** An account of Bitbucket (connect.md 10). An app that is there is removed before it is registered again. */
export function createBitbucketClient(
  login: Login,
  timing: SiteTiming = siteTiming,
  fetch: FetchLike = (url, init) => globalThis.fetch(url, init),
  api = 'https://api.bitbucket.org'
): SiteClient {
  const call = createSiteCaller(basicHeader(login), timing, fetch)
  const root = `${api}/2.0/account/${encodeURIComponent(login.username)}/addons`

  /** The number under which the account has the app; null when it has not. */
  async function idOf(appKey: string, signal: AbortSignal): Promise<string | null> {
    const answer = await call('GET', root, signal)
    if (answer.status !== 200) throw refusedAnswer(answer, 'The apps of the account cannot be read')
    const values = memberOf(answer.json, 'values')
    if (!Array.isArray(values)) {
      throw new RegistrationError(
        'Bitbucket answered with something else than a list; an account with two-step login has to install the app by hand'
      )
    }
    const found = values.find((value) => memberOf(value, 'key') === appKey)
    const id = memberOf(found, 'id')
    return typeof id === 'string' || typeof id === 'number' ? String(id) : null
  }

  async function remove(id: string, signal: AbortSignal): Promise<void> {
    const answer = await call('DELETE', `${root}/${encodeURIComponent(id)}`, signal)
    if (answer.status !== 404 && (answer.status < 200 || answer.status > 299)) {
      throw refusedAnswer(answer, 'The app cannot be removed')
    }
  }

  return {
    name: 'Bitbucket',
    site: { baseUrl: 'https://bitbucket.org', product: 'bitbucket' },
    async register({ appKey, descriptorUrl, force }, signal) {
      const id = await idOf(appKey, signal)
      if (id !== null) {
        if (!force) return 'present'
        await remove(id, signal)
      }
      const answer = await call('POST', root, signal, { type: 'application/json', value: { url: descriptorUrl } })
      if (answer.status >= 200 && answer.status < 300) return 'registered'
      if (answer.status === 401) throw refusedAnswer(answer, 'The login was refused')
      throw new RegistrationError(`The app was refused (${answer.status}). ${bitbucketRefused}`)
    },
    async deregister(appKey, signal) {
      const id = await idOf(appKey, signal)
      if (id !== null) await remove(id, signal)
    }
  }
}
