import type { Site } from '../site.ts'
import type { RestAnswer, RestRequest } from '../types.ts'
import { jsonAnswer } from './answer-logged.ts'
import type { ApiGrant } from './api-tokens.ts'

/** The app property in which Atlassian tells a Forge app the clientKey of its Connect days (forge.md 6.5). */
const NAME = 'connect_client_key_019cdff3-8bfb-71fe-9628-875b700aebb8'

const PATH = /^\/rest\/atlassian-connect\/1\/addons\/([^/?]+)\/properties\/([^/?]+)$/

/** The answer about that property; null for a request that is about something else. */
export function reservedProperty(site: Site, { method, path }: RestRequest, grant: ApiGrant): RestAnswer | null {
  const [, appKey = '', property] = PATH.exec(path) ?? []
  if (property !== NAME) return null
  if (method !== 'GET') return jsonAnswer(403, { message: 'This property can only be read.' })
  if (grant.user !== null) return jsonAnswer(403, { message: 'Only the app itself may read this.' })
  const known = site.reservedClientKey !== null && decodeURIComponent(appKey) === site.app?.descriptor.key
  return known
    ? jsonAnswer(200, { key: NAME, value: site.reservedClientKey })
    : jsonAnswer(404, { message: 'Property not found.' })
}
