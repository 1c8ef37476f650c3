import { AtlassianError, type ErrorCode, type ErrorDetails } from '../errors.ts'

/** A token with which the app would act as a user could not be had. Holds no token, no assertion and no body. */
export class UserTokenError extends AtlassianError {
  /** HTTP status of the authorization server's answer; 0 if there was none. */
  readonly status: number
  /** How long the authorization server asked to be left alone, in seconds. */
  readonly retryAfterSeconds: number | null

  constructor(
    code: Extract<ErrorCode, `ATL_USER_TOKEN_${string}`>,
    reason: string,
    facts: {
      readonly status?: number
      readonly retryAfterSeconds?: number | null
      readonly details?: ErrorDetails
      /** A sentence for the developer. */
      readonly message?: string
    } = {}
  ) {
    const { status = 0, retryAfterSeconds = null, details = {}, message } = facts
    super(code, reason, { ...details, status }, message === undefined ? {} : { message })
    this.name = 'UserTokenError'
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}
