import type { HostEndpoint } from './forge/answer-logged.ts'
import { member } from './rest-routes.ts'
import type { Signing } from './signing.ts'
import type { Site } from './site.ts'
import type { RestAnswer, SimulatedAccounts } from './types.ts'

export const ACCOUNTS_PATH = '/app/report-accounts/'

const MAX_ACCOUNTS = 90
const LEEWAY_SECONDS = 30
const MEMBERS = /^[A-Za-z0-9:-]{1,128}$/

/** What the server of personal data works with. */
export interface PersonalDataServerOptions {
  readonly signing: Signing
  readonly sites: readonly Site[]
  readonly clock: () => number
  /** Whether this is a living system token of Forge. */
  readonly isSystemToken: (token: string) => boolean
}

/** Atlassian's server of personal data: says which of the reported accounts were closed or changed (connect.md 7.7). */
export function createPersonalDataServer(options: PersonalDataServerOptions) {
  const { signing, sites, clock, isSystemToken } = options
  const closed = new Set<string>()
  const changed = new Map<string, number>()
  const reports: SimulatedAccounts['reports'][number][] = []
  let cyclePeriod = 'P7D'

  function isCredential(authorization: string | undefined): boolean {
    const [, scheme, token = ''] = /^(JWT|Bearer) (\S+)$/.exec(authorization ?? '') ?? []
    if (scheme === 'Bearer') return isSystemToken(token)
    return scheme === 'JWT' && sites.some((site) => site.installed && isSignedBy(site, token))
  }

  function isSignedBy(site: Site, token: string): boolean {
    let claims: Record<string, unknown>
    try {
      claims = signing.verifyShared(token, site.sharedSecret)
    } catch {
      return false
    }
    const { iss, iat, exp, qsh } = claims
    const nowSeconds = clock() / 1000
    const isTimely =
      typeof exp === 'number' &&
      typeof iat === 'number' &&
      nowSeconds <= exp + LEEWAY_SECONDS &&
      iat <= nowSeconds + LEEWAY_SECONDS
    return isTimely && iss === site.app?.descriptor.key && qsh === signing.hash('POST', ACCOUNTS_PATH)
  }

  function answerTo(authorization: string | undefined, body: unknown): RestAnswer {
    if (!isCredential(authorization)) return say(401, { message: 'Unauthorized' })
    const accounts = member(body, 'accounts')
    if (!Array.isArray(accounts) || accounts.length === 0 || accounts.length > MAX_ACCOUNTS) {
      return say(400, { message: `"accounts" has to be a list of 1 to ${MAX_ACCOUNTS}` })
    }
    const reported = accounts.map((account: unknown) => {
      const accountId = String(member(account, 'accountId'))
      const updatedAtMs = Date.parse(String(member(account, 'updatedAt')))
      return { accountId, updatedAtMs }
    })
    if (!reported.every(({ accountId, updatedAtMs }) => MEMBERS.test(accountId) && !Number.isNaN(updatedAtMs))) {
      return say(400, { message: 'an account has to have an accountId and the time updatedAt' })
    }
    reports.push({ atMs: clock(), accounts: reported })
    const answers = reported.flatMap(({ accountId, updatedAtMs }) => {
      if (closed.has(accountId)) return [{ accountId, status: 'closed' }]
      return (changed.get(accountId) ?? 0) > updatedAtMs ? [{ accountId, status: 'updated' }] : []
    })
    return answers.length === 0 ? say(204) : say(200, { accounts: answers })
  }

  function say(status: number, value?: object): RestAnswer {
    const json: Record<string, string> = value === undefined ? {} : { 'content-type': 'application/json' }
    const cycle: Record<string, string> = status < 300 ? { 'cycle-period': cyclePeriod } : {}
    return { status, headers: { ...json, ...cycle }, body: value === undefined ? '' : JSON.stringify(value) }
  }

  const accounts: SimulatedAccounts = {
    reports,
    close: (accountId) => void closed.add(accountId),
    change: (accountId) => void changed.set(accountId, clock()),
    setCyclePeriod(period) {
      cyclePeriod = period
    }
  }

  const endpoint: HostEndpoint = {
    kind: 'accounts',
    target: 'accounts',
    answer({ headers, body }) {
      const sent = answerTo(headers.authorization, parsed(body))
      const isApp = headers.authorization?.startsWith('JWT ') === true
      return {
        answer: sent,
        site: '',
        tokenKind: headers.authorization === undefined ? null : isApp ? 'app' : 'system',
        verdict: `accounts reported: answered ${sent.status}`
      }
    }
  }
  return { accounts, endpoint }
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
