/** What the doctor can look at, in this order. */
export type DoctorCheck =
  | 'node'
  | 'options'
  | 'descriptor'
  | 'database'
  | 'migrations'
  | 'keys'
  | 'clock'
  | 'address'
  | 'routes'
  | 'proxy'

/** One thing that was looked at. `skipped`: it could not be, and the message says what is missing. */
export interface Finding {
  readonly check: DoctorCheck
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped'
  /** A sentence; it holds no secret. */
  readonly message: string
}

export function finding(check: DoctorCheck, verdict: Finding['verdict'], message: string): Finding {
  return { check, verdict, message }
}

/** The message of an error, with the reason of the network where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return 'code' in error && error.message === '' ? String(error.code) : error.message
}
