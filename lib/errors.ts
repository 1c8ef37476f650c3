/**
 * One table of everything that can go wrong: a stable code, the HTTP status and one public sentence.
 * The precise reason travels in `reason` and `details`, which only our own log may show.
 */
export const errorTable = {
  ATL_UNAUTHENTICATED: [401, 'This request could not be authenticated. Reload the page in Jira or Confluence.'],
  ATL_FORBIDDEN: [403, 'You do not have permission to do this.'],
  ATL_CONTEXT_MISSING: [403, 'This request does not say clearly which project, issue, space or page it is about.'],
  ATL_PERMISSION_UNKNOWN: [403, 'Your permissions cannot be checked at the moment. Try again in a minute.'],
  ATL_HOST_NOT_ALLOWED: [403, 'This site is not allowed to install the app.'],
  ATL_INSTALL_REFUSED: [403, 'The app refused to be installed on this site.'],
  ATL_LIFECYCLE_BODY: [400, 'The body of this life-cycle call is not complete.'],
  ATL_WEBHOOK_BODY: [400, 'The body of this webhook is not valid JSON.'],
  ATL_WEBHOOK_FAILED: [500, 'A handler of this webhook failed. It may be delivered again.'],
  ATL_KEYS_UNAVAILABLE: [503, 'The public keys of Atlassian cannot be read at the moment. Try again in a minute.'],
  ATL_BITBUCKET_UNAVAILABLE: [503, 'Bitbucket cannot be asked at the moment. Try again in a minute.'],
  ATL_STORE_UNAVAILABLE: [503, 'The storage of the app cannot be reached at the moment. Try again in a minute.'],
  ATL_STORE_CONFLICT: [503, 'The tenant was changed by another request. Try again.'],
  ATL_STORE_PART: [500, 'The storage of the app does not offer this.'],
  ATL_NOT_PROTECTED: [500, 'The app read an authenticated context on a route that is not protected.'],
  ATL_NO_TENANT: [404, 'The app is not installed on this site.'],
  ATL_ADOPT_REFUSED: [409, 'The data of one tenant cannot be adopted by the other.'],
  ATL_OPTION: [500, 'An option of the app is not valid.'],
  ATL_DESCRIPTOR: [500, 'The descriptor of the app is not valid.'],
  ATL_PACKAGE_MISSING: [500, 'A package that the app needs is not installed.'],
  ATL_ENCRYPTION_KEY: [500, 'The storage of the app cannot be read with the keys that it has.'],
  ATL_MIGRATION_NEEDED: [500, 'The database of the app has to be migrated first.'],
  ATL_HOST_ADDRESS: [500, 'The app called an address outside of the site.'],
  ATL_HOST_REQUEST: [500, 'The app built a call to the site that cannot be sent.'],
  ATL_HOST_STATUS: [502, 'The site refused a call of the app.'],
  ATL_HOST_TIMEOUT: [504, 'The site did not answer in time.'],
  ATL_HOST_ABORTED: [502, 'A call to the site was aborted.'],
  ATL_HOST_NETWORK: [502, 'The site cannot be reached at the moment.'],
  ATL_HOST_BODY: [502, 'The site answered with a body that cannot be read.'],
  ATL_USER_TOKEN_SETUP: [500, 'The app is not set up to act as a user.'],
  ATL_USER_TOKEN_REFUSED: [502, 'Atlassian does not let the app act as this user.'],
  ATL_USER_TOKEN_UNAVAILABLE: [503, 'Atlassian cannot be asked to let the app act as a user. Try again in a minute.'],
  ATL_USER_TOKEN_ANSWER: [502, 'Atlassian answered with a token that cannot be used.'],
  ATL_HOST_TRUNCATED: [502, 'The answer of the site broke off.'],
  ATL_HOST_PAGES: [502, 'The site has more pages than the app reads.'],
  ATL_HOST_QUOTA: [503, 'The app has used up its calls to the site for now. Try again later.'],
  ATL_HOST_BUSY: [503, 'Too many calls to the site are waiting at the moment. Try again in a minute.'],
  ATL_HOST_PRODUCT: [500, 'The app called a product that this installation does not have.'],
  ATL_FORGE_TOKEN_MISSING: [500, 'The app has no token of Atlassian for this call.'],
  ATL_FORGE_TOKEN_EXPIRED: [503, 'The token with which the app calls Atlassian has ended. Try again later.'],
  ATL_ACCOUNTS_UNREPORTED: [502, 'The accounts that the app stores could not be reported to Atlassian.'],
  ATL_LICENSE: [403, 'The app has no valid license on this site.'],
  ATL_NO_USER: [403, 'This needs a user who is signed in.'],
  ATL_IMPERSONATION: [403, 'The app may not act as this user here.']
} as const satisfies Record<string, readonly [status: number, message: string]>

/** A code of the table: stable, and public API. */
export type ErrorCode = keyof typeof errorTable

/** For our log only. Keys and values must never hold a secret, a token or a canonical request. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | undefined>>

/**
 * Every error that this package throws on purpose. `message` is the public sentence of its code (for start-up
 * errors: a sentence for the developer); `reason` and `details` are not enumerable and so reach no answer.
 */
export class AtlassianError extends Error {
  readonly code: ErrorCode
  readonly statusCode: number
  declare readonly reason: string
  declare readonly details: ErrorDetails

  constructor(
    code: ErrorCode,
    reason: string,
    details: ErrorDetails = {},
    options: { message?: string; cause?: unknown } = {}
  ) {
    super(options.message ?? errorTable[code][1])
    this.code = code
    this.statusCode = errorTable[code][0]
    this.name = 'AtlassianError'
    Object.defineProperty(this, 'reason', { value: reason, enumerable: false })
    Object.defineProperty(this, 'details', { value: details, enumerable: false })
    if (options.cause !== undefined) Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false })
  }
}

/** The caller is not who the route demands. All of them look the same from outside: one code, one sentence. */
export class AuthenticationError extends AtlassianError {
  constructor(reason: string, details: ErrorDetails = {}) {
    super('ATL_UNAUTHENTICATED', reason, details)
    this.name = 'AuthenticationError'
  }
}

/** The caller is known and may not do this, or it cannot be told whether they may. */
export class AuthorizationError extends AtlassianError {
  constructor(
    reason: string,
    details: ErrorDetails = {},
    code: 'ATL_FORBIDDEN' | 'ATL_CONTEXT_MISSING' | 'ATL_PERMISSION_UNKNOWN' = 'ATL_FORBIDDEN'
  ) {
    super(code, reason, details)
    this.name = 'AuthorizationError'
  }
}

/**
 * A mistake of the developer, found at start: the message names the option, what came and what is needed. Where a text
 * may be a secret, `hidden` keeps it out.
 */
export class OptionError extends AtlassianError {
  constructor(option: string, came: unknown, needed: string, { hidden = false }: { readonly hidden?: boolean } = {}) {
    const what = hidden && typeof came === 'string' && came !== '' ? 'a text' : describe(came)
    super('ATL_OPTION', 'option', { option }, { message: `Option "${option}" is ${what}, but ${needed}` })
    this.name = 'OptionError'
  }
}

/** A package that is optional until it is used. The message gives the command that installs it. */
export class MissingPackageError extends AtlassianError {
  constructor(packageName: string, neededFor: string, cause?: unknown) {
    super(
      'ATL_PACKAGE_MISSING',
      'package-missing',
      { packageName },
      { message: `${neededFor} needs the package "${packageName}". Install it with: npm install ${packageName}`, cause }
    )
    this.name = 'MissingPackageError'
  }
}

/** The kind and shape of a value, in words; strings are quoted and cut, without credentials; all else is only named. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (typeof value === 'string')
    return value === '' ? 'an empty string' : `"${withoutCredentials(value).slice(0, 100)}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Name and password in front of the host of an address. */
function withoutCredentials(text: string): string {
  return text.replace(/(^|\/\/)[^/?#\s]*@/g, '$1…@')
}
