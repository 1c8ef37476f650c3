import { type RestCall, type RestResult, type RestRoute, refusal, route } from './rest-routes.ts'
import { licenseOf, type Site } from './site.ts'

const ADDON = '/rest/atlassian-connect/1/addons/:key'

/** What an app may ask about itself, and its own properties. Pages read them as well. */
export const appPropertyRoutes: readonly RestRoute<Site>[] = [
  route(`GET ${ADDON}`, (site, call, appKey) =>
    ofOwnApp(site, appKey, () =>
      call.caller === 'app' ? { status: 200, body: aboutApp(site) } : refusal(401, 'Only the app itself may read this.')
    )
  ),
  route(`GET ${ADDON}/properties`, (site, _call, appKey) =>
    ofOwnApp(site, appKey, () => ({
      status: 200,
      body: { keys: [...site.state.appProperties.keys()].map((key) => ({ self: selfOf(site, key), key })) }
    }))
  ),
  route(`GET ${ADDON}/properties/:property`, (site, _call, appKey, property = '') =>
    ofOwnApp(site, appKey, () =>
      site.state.appProperties.has(property)
        ? {
            status: 200,
            body: { self: selfOf(site, property), key: property, value: site.state.appProperties.get(property) }
          }
        : refusal(404, 'Property not found.')
    )
  ),
  route(`PUT ${ADDON}/properties/:property`, (site, call, appKey, property = '') =>
    ofOwnApp(site, appKey, () => putProperty(site, call, property))
  ),
  route(`DELETE ${ADDON}/properties/:property`, (site, _call, appKey, property = '') =>
    ofOwnApp(site, appKey, () =>
      site.state.appProperties.delete(property) ? { status: 204 } : refusal(404, 'Property not found.')
    )
  )
]

function putProperty(site: Site, call: RestCall, property: string): RestResult {
  if (call.caller === null) return refusal(401, 'Log in first.')
  if (call.body === undefined) return refusal(400, 'The value has to be JSON.')
  const status = site.state.appProperties.has(property) ? 200 : 201
  site.state.appProperties.set(property, call.body)
  return { status, body: { message: status === 200 ? 'Property updated.' : 'Property created.', statusCode: status } }
}

function ofOwnApp(site: Site, appKey: string | undefined, answer: () => RestResult): RestResult {
  return site.app?.descriptor.key === appKey ? answer() : refusal(404, 'There is no such app on this site.')
}

function aboutApp(site: Site): object {
  const descriptor = site.app?.descriptor
  const license = licenseOf(site)
  return {
    key: descriptor?.key,
    version: String(descriptor?.raw.version ?? '1.0.0-AC'),
    state: site.enabled ? 'ENABLED' : 'DISABLED',
    host: { product: site.product === 'jira' ? 'Jira' : 'Confluence', contacts: [] },
    ...(license === null ? {} : { license }),
    links: { self: [{ href: `${site.baseUrl}/rest/atlassian-connect/1/addons/${descriptor?.key}` }] }
  }
}

function selfOf(site: Site, property: string): string {
  const appKey = encodeURIComponent(site.app?.descriptor.key ?? '')
  return `${site.baseUrl}/rest/atlassian-connect/1/addons/${appKey}/properties/${encodeURIComponent(property)}`
}
