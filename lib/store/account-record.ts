import { canBeAccountId, type KeptAccount } from '../tenant/account-store.ts'

/** The account as it is written. Throws TypeError for one that could not be reported. */
export function accountRecord({ accountId, updatedAtMs }: KeptAccount): KeptAccount {
  if (!canBeAccountId(accountId)) throw new TypeError('An account id must be 1 to 128 letters, digits, "-" or ":"')
  if (!Number.isSafeInteger(updatedAtMs) || updatedAtMs < 0) {
    throw new TypeError('The time of an account must be whole milliseconds since 1970')
  }
  return { accountId, updatedAtMs }
}
