import { AtlassianError, AuthenticationError } from '../errors.ts'

/** Why a request was refused, in the words of atlassian-connect-auth. For logs and metrics, never for the caller. */
export type AuthErrorCode =
  | 'MISSING_JWT'
  | 'UNAUTHORIZED_REQUEST'
  | 'FAILED_TO_DECODE'
  | 'UNKNOWN_ISSUER'
  | 'WRONG_ISSUER'
  | 'WRONG_AUDIENCE'
  | 'MISSING_QSH'
  | 'INVALID_QSH'
  | 'INVALID_SIGNATURE'
  | 'TOKEN_EXPIRED'
  | 'FAILED_TO_OBTAIN_PUBLIC_KEY'
  | 'MISSING_KID'

const CODES: ReadonlyMap<string, AuthErrorCode> = new Map([
  ['token-missing', 'MISSING_JWT'],
  ['token-shape', 'FAILED_TO_DECODE'],
  ['token-too-long', 'FAILED_TO_DECODE'],
  ['header-shape', 'FAILED_TO_DECODE'],
  ['payload-shape', 'FAILED_TO_DECODE'],
  ['claim-shape', 'FAILED_TO_DECODE'],
  ['claim-missing', 'FAILED_TO_DECODE'],
  ['tenant-unknown', 'UNKNOWN_ISSUER'],
  ['issuer', 'WRONG_ISSUER'],
  ['audience', 'WRONG_AUDIENCE'],
  ['hash-missing', 'MISSING_QSH'],
  ['hash', 'INVALID_QSH'],
  ['algorithm', 'INVALID_SIGNATURE'],
  ['signature', 'INVALID_SIGNATURE'],
  ['expired', 'TOKEN_EXPIRED'],
  ['kid', 'MISSING_KID'],
  ['key-unknown', 'FAILED_TO_OBTAIN_PUBLIC_KEY']
])

/**
 * The code of atlassian-connect-auth for an error of ours; `null` for what is no verdict on a request, such as a
 * storage that failed. `error.reason` says more exactly what was wrong.
 */
export function authErrorCodeOf(error: unknown): AuthErrorCode | null {
  if (error instanceof AuthenticationError) return CODES.get(error.reason) ?? 'UNAUTHORIZED_REQUEST'
  if (!(error instanceof AtlassianError)) return null
  if (error.code === 'ATL_KEYS_UNAVAILABLE') return 'FAILED_TO_OBTAIN_PUBLIC_KEY'
  const isVerdict = ['ATL_LIFECYCLE_BODY', 'ATL_HOST_NOT_ALLOWED', 'ATL_INSTALL_REFUSED'].includes(error.code)
  return isVerdict ? 'UNAUTHORIZED_REQUEST' : null
}
