/** An account of which a tenant's data says something. */
export interface KeptAccount {
  readonly accountId: string
  /** When the app last fetched what it stores about this account. */
  readonly updatedAtMs: number
}

/** What Atlassian said about an account and the app has not done yet. */
export type AccountAnswer = 'closed' | 'updated'

/** Where an account is kept. */
export interface AccountUse {
  readonly tenantId: string
  readonly updatedAtMs: number
}

/** An account that one process works on until its lease ends. */
export interface ClaimedAccount {
  readonly accountId: string
  /** `null`: it has to be reported. */
  readonly answer: AccountAnswer | null
  /** Where it is kept, in order of `tenantId`; never empty. */
  readonly uses: readonly AccountUse[]
  /** Stands for this claim; the account is another one's after the next. */
  readonly claim: number
}

/** What is claimed. */
export interface AccountClaim {
  readonly nowMs: number
  readonly leaseMs: number
  /** 1 to 1000. */
  readonly limit: number
  /** Those with an answer that the app has not heard, or those that have to be reported. */
  readonly answered: boolean
}

/** How a claim ends. */
export interface AccountOutcome {
  readonly answer: AccountAnswer | null
  /** Claimable again from this time on. */
  readonly dueAtMs: number
}

/**
 * The part of a tenant store that keeps which accounts the app stores data about. An account is reported once for all
 * tenants that have it, so that two processes never report it in the same cycle. Failures of the storage are thrown as
 * they are.
 */
export interface AccountStore {
  /**
   * Notes that the tenant's data says something about the account. Of two times the later one stays. An account that
   * nobody had is due at `dueAtMs`. Throws `ATL_NO_TENANT` for a tenant that does not exist.
   */
  put(tenantId: string, account: KeptAccount, dueAtMs: number): Promise<void>
  /** The tenant's data says nothing about the account any more. Tells whether it did. */
  delete(tenantId: string, accountId: string): Promise<boolean>
  /** Accounts of a tenant in order of `accountId`, a page of 1 to 1000. */
  list(tenantId: string, query: { readonly after: string; readonly limit: number }): Promise<KeptAccount[]>
  /** Gives accounts that are due, longest first, each to exactly one caller until its lease ends. */
  claim(request: AccountClaim): Promise<ClaimedAccount[]>
  /** Ends a claim. `false` = it is another one's by now, and nothing was changed. */
  settle(claimed: ClaimedAccount, outcome: AccountOutcome): Promise<boolean>
  /**
   * Ends a claim after the app erased what it had: those uses go that were not updated since they were claimed. What is
   * left is due at `dueAtMs`. `false` = it is another one's by now, and nothing was changed.
   */
  erased(claimed: ClaimedAccount, dueAtMs: number): Promise<boolean>
  /** Ends a claim after the app fetched anew what it had: the uses that are still there become this new. As `erased`. */
  refreshed(claimed: ClaimedAccount, updatedAtMs: number, dueAtMs: number): Promise<boolean>
  /** Gives the accounts of one tenant to another; of two times the later one stays. Returns how many went. */
  move(fromTenantId: string, toTenantId: string): Promise<number>
}

/** Whether Atlassian could know an account by this id: 1 to 128 letters, digits, `-` and `:`. */
export function canBeAccountId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9:-]{1,128}$/.test(value)
}
