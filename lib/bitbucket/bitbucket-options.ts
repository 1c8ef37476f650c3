import { OptionError } from '../errors.ts'

/** Where Bitbucket is, and how it is called. None of it is ever taken from a request. */
export interface BitbucketOptions {
  /** Base of REST calls, whose paths begin with `/2.0`. Default `https://api.bitbucket.org`. */
  readonly apiUrl?: string
  /** Where people see Bitbucket, and where access tokens come from. Default `https://bitbucket.org`. */
  readonly siteUrl?: string
  /** Tells which account a token acts as; asked to prove a first install. Default `/2.0/user`. */
  readonly accountPath?: string
  /** What calls of the app carry: a token signed for each (default), or an access token that is changed for one. */
  readonly calls?: 'jwt' | 'access-token'
}

/** The options after defaults and checks. */
export type ResolvedBitbucket = Readonly<Required<BitbucketOptions>>

/** What production is (connect.md 10). */
export const bitbucketDefaults: ResolvedBitbucket = Object.freeze({
  apiUrl: 'https://api.bitbucket.org',
  siteUrl: 'https://bitbucket.org',
  accountPath: '/2.0/user',
  calls: 'jwt'
})

const KNOWN = ['apiUrl', 'siteUrl', 'accountPath', 'calls']

/** Checks the options and fills in defaults. Throws OptionError, naming the member of `bitbucket`. */
export function resolveBitbucket(given: BitbucketOptions = {}): ResolvedBitbucket {
  if (typeof given !== 'object' || given === null) throw new OptionError('bitbucket', given, 'it must be an object')
  const unknown = Object.keys(given).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) {
    throw new OptionError(`bitbucket.${unknown}`, '', `there is no such option; known are ${KNOWN.join(', ')}`)
  }
  const { accountPath = bitbucketDefaults.accountPath, calls = bitbucketDefaults.calls } = given
  if (typeof accountPath !== 'string' || !/^(?:\/[\w.-]+)+$/.test(accountPath)) {
    throw new OptionError('bitbucket.accountPath', accountPath, 'it must be a path such as "/2.0/user"')
  }
  if (calls !== 'jwt' && calls !== 'access-token') {
    throw new OptionError('bitbucket.calls', calls, 'it must be one of jwt, access-token')
  }
  return Object.freeze({
    apiUrl: originOf(given.apiUrl ?? bitbucketDefaults.apiUrl, 'bitbucket.apiUrl'),
    siteUrl: originOf(given.siteUrl ?? bitbucketDefaults.siteUrl, 'bitbucket.siteUrl'),
    accountPath,
    calls
  })
}

function originOf(value: unknown, option: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url !== null && isHttp && (url.href === `${url.origin}/` || url.href === url.origin)) return url.origin
  throw new OptionError(option, value, 'it must be an http(s) address without a path')
}

/** Where the JavaScript bridge of Bitbucket is. */
export const bitbucketScript = 'https://bitbucket.org/atlassian-connect/all.js'

/** Both addresses as entries of the allow-list. */
export function bitbucketHosts({ apiUrl, siteUrl }: ResolvedBitbucket): readonly string[] {
  return [...new Set([siteUrl, apiUrl].map((url) => new URL(url).origin))]
}
