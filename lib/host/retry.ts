/** Bounds for one call with everything that is tried for it. */
export interface RetryRules {
  /** Tries of one call, the first included. */
  readonly maxAttempts: number
  /** All tries and pauses of one call together. */
  readonly maxTotalMs: number
}

const LIMIT_BASE_MS = 2000
const LIMIT_MAX_MS = 30_000
const FAULT_BASE_MS = 100

/**
 * The pause before the next try, in milliseconds: doubling from two seconds to thirty, spread by 0.7 to 1.3, and never
 * shorter than the host asked for (connect.md 5.3). `random` is from 0 to 1.
 */
export function limitPauseMs(attempt: number, retryAfterSeconds: number | null, random: number): number {
  const spread = spreadOf(Math.min(LIMIT_BASE_MS * 2 ** (attempt - 1), LIMIT_MAX_MS), random)
  if (retryAfterSeconds === null) return spread
  // Everybody who was told the same second would come back in the same second.
  return Math.max(retryAfterSeconds * 1000 + random * 500, attempt === 1 ? 0 : spread)
}

/** The pause after a connection broke: short, since it was most likely an old one. */
export function faultPauseMs(attempt: number, random: number): number {
  return spreadOf(FAULT_BASE_MS * 2 ** (attempt - 1), random)
}

function spreadOf(ms: number, random: number): number {
  return Math.round(ms * (0.7 + 0.6 * random))
}
