/** Which site is meant: its name or its product. */
export interface SiteChoice {
  /** A site's name or product. Default: the first site. */
  readonly site?: string
}

/** Who is meant: an account id, a name, or `null` for an anonymous visitor. */
export interface UserChoice extends SiteChoice {
  /** An account id or a name; null is an anonymous visitor. Default Ada. */
  readonly user?: string | null
}

/** Who looks at what. Keys and ids must exist on the site. */
export interface PageOptions extends UserChoice {
  readonly issue?: string
  readonly project?: string
  /** Id of a page. */
  readonly page?: string
  /** Key of a space. */
  readonly space?: string
  /** Fills `{ac.NAME}`. */
  readonly customData?: Readonly<Record<string, string>>
  /** Fills `{NAME}`; what the URL does not name is added to its query. */
  readonly params?: Readonly<Record<string, string>>
}

/** Where an app is installed. */
export interface InstallOptions extends SiteChoice {
  /** As after a site import: the same address with another clientKey and another secret. */
  readonly newClientKey?: boolean
}

/** A call of an app page to its own backend. */
export interface CallOptions extends PageOptions {
  readonly method?: string
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Sent instead of a fresh context token; an empty string sends none. */
  readonly token?: string
}

/** What a webhook is about and how it is delivered. */
export interface WebhookOptions extends PageOptions {
  /** Replaces the default payload; a string is sent as it is. */
  readonly payload?: unknown
  /** Same identifier, same event: what the app must recognise. */
  readonly identifier?: string
  /** How often Jira tries at most. Default 6: the first try and five repeats. */
  readonly attempts?: number
}

/** Claims and headers to change or, with `undefined`, to leave out. */
export interface SignOptions extends PageOptions {
  readonly method?: string
  /** Path and query below the app's base URL: what the hash covers. */
  readonly url?: string
  /** Added to the claims or put in their place; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The same for the header. */
  readonly header?: Readonly<Record<string, unknown>>
  /** HMAC secret or private PEM instead of the right one. */
  readonly key?: string
}

/** Tokens as the host signs them, and as an attacker would like to. */
export interface SignTools {
  /** RS256. The default URL is the descriptor's path for `installed`. */
  installToken(options?: SignOptions): Promise<string>
  pageToken(options?: SignOptions): Promise<string>
  webhookToken(options?: SignOptions): Promise<string>
  contextToken(options?: SignOptions): Promise<string>
  /**
   * Signs anything: the algorithm is the header's `alg` (HS or RS family; every other one, `none` too, gets an empty
   * signature). Strings are taken as they are, so that broken JSON can be signed.
   */
  custom(header: object | string, claims: object | string, key: string): string
}
