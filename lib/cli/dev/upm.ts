import { setTimeout as pause } from 'node:timers/promises'
import type { FetchLike } from '../../ports.ts'
import { basicHeader, type SiteLogin } from './credentials.ts'
import { connectRefused, refusedAnswer, refusedInstall, sentence } from './refusals.ts'
import {
  type CallSite,
  createSiteCaller,
  InstallFailedError,
  memberOf,
  RegistrationError,
  type RegistrationResult,
  type SiteAnswer,
  type SiteClient,
  type SiteTiming,
  siteTiming
} from './site-client.ts'

const UPM = '/rest/plugins/1.0/'

/** Jira or Confluence, by the REST interface of its plugin manager (connect.md 8.1). */
export function createUpmClient(
  site: SiteLogin,
  timing: SiteTiming = siteTiming,
  fetch: FetchLike = (url, init) => globalThis.fetch(url, init)
): SiteClient {
  const call = createSiteCaller(basicHeader(site), timing, fetch)
  const root = site.baseUrl + UPM

  return {
    name: site.name,
    site: { baseUrl: site.baseUrl, product: site.product },
    async register({ appKey, descriptorUrl, force }, signal) {
      await checkDevelopmentMode(call, root, signal)
      const listed = await call('GET', root, signal)
      if (listed.status !== 200) throw refusedAnswer(listed, 'The list of apps cannot be read')
      const token = listed.headers.get('upm-token')
      if (token === null) throw new RegistrationError('The site gave no token for an install; is the product right?')
      if (!force && hasApp(listed.json, appKey)) return 'present'
      const asked = await call('POST', `${root}?token=${encodeURIComponent(token)}`, signal, {
        type: 'application/vnd.atl.plugins.remote.install+json',
        value: { pluginUri: descriptorUrl }
      })
      if (asked.status !== 202) throw refusedInstall(asked)
      return await resultOf(call, site.baseUrl, asked, timing.installMs, signal)
    },
    async deregister(appKey, signal) {
      const answer = await call('DELETE', `${root}${encodeURIComponent(appKey)}-key`, signal)
      if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) return
      throw refusedAnswer(answer, 'The app cannot be removed')
    }
  }
}

async function checkDevelopmentMode(call: CallSite, root: string, signal: AbortSignal): Promise<void> {
  const answer = await call('GET', `${root}settings`, signal)
  if (answer.status === 401) throw refusedAnswer(answer, 'The login was refused')
  // Who may not read the settings may still be told more by the install.
  const settings = memberOf(answer.json, 'settings')
  const mode = Array.isArray(settings)
    ? settings.find((setting) => memberOf(setting, 'key') === 'connectDeveloperListingsEnabled')
    : undefined
  const value = memberOf(mode, 'value')
  if (value === false || value === 'false') {
    throw new RegistrationError(
      'The development mode of the site is off: switch it on under "Manage apps", "Settings", "Enable development mode"'
    )
  }
}

function hasApp(list: unknown, appKey: string): boolean {
  const plugins = memberOf(list, 'plugins')
  return Array.isArray(plugins) && plugins.some((plugin) => memberOf(plugin, 'key') === appKey)
}

/** Asks until the site says how the install went. */
async function resultOf(
  call: CallSite,
  baseUrl: string,
  asked: SiteAnswer,
  installMs: number,
  signal: AbortSignal
): Promise<RegistrationResult> {
  const limit = AbortSignal.timeout(installMs)
  const either = AbortSignal.any([signal, limit])
  let url = belowSite(baseUrl, memberOf(asked.json, 'links', 'self'))
  let waitMs = waitOf(asked.json)
  try {
    for (;;) {
      await pause(waitMs, undefined, { signal: either })
      const { status, headers, json } = await call('GET', url, either)
      if (status === 303) {
        url = belowSite(baseUrl, headers.get('location'))
        waitMs = 0
        continue
      }
      if (status < 200 || status > 299)
        throw new RegistrationError(`The site does not tell how the install went (${status})`)
      if (typeof memberOf(json, 'key') === 'string')
        return memberOf(json, 'enabled') === false ? 'disabled' : 'registered'
      if (memberOf(json, 'status', 'done') === true) throw failedInstall(json)
      waitMs = waitOf(json)
    }
  } catch (error) {
    if (signal.aborted) throw new RegistrationError('stopped')
    if (limit.aborted) throw new RegistrationError(`The install was not done within ${installMs / 1000} seconds`)
    throw error
  }
}

function failedInstall(json: unknown): RegistrationError {
  const said = memberOf(json, 'status', 'errorMessage') ?? memberOf(json, 'status', 'subCode')
  const words = typeof said === 'string' && said !== '' ? `: ${sentence(said)}` : ''
  return new InstallFailedError(`The install failed on the site${words}. ${connectRefused}`)
}

/** The path alone is taken from the site, so that the login goes nowhere else; it may repeat `/wiki`. */
function belowSite(baseUrl: string, given: unknown): string {
  const url = typeof given === 'string' && URL.canParse(given, baseUrl) ? new URL(given, baseUrl) : null
  const start = url?.pathname.indexOf(UPM) ?? -1
  if (url === null || start < 0) throw new RegistrationError('The site does not say where to ask how the install went')
  return baseUrl + url.pathname.slice(start) + url.search
}

function waitOf(json: unknown): number {
  const wait = memberOf(json, 'pingAfter')
  return typeof wait === 'number' && wait >= 0 ? Math.min(Math.max(wait, 20), 5000) : 200
}
