/** One time of a token, for people. */
export interface TokenTime {
  readonly claim: string
  /** ISO date; `null` for a value that is no time. */
  readonly at: string | null
  /** Such as `expired 3 minutes ago`. */
  readonly words: string
}

const verbs: Readonly<Record<string, readonly [past: string, future: string]>> = {
  iat: ['issued', 'issued in the future,'],
  nbf: ['valid since', 'not valid before'],
  exp: ['expired', 'expires'],
  auth_time: ['the host proved the user', 'the host proves the user in the future,']
}

/** The times that the claims name, in the order of a life. */
export function timesOf(claims: Readonly<Record<string, unknown>>, nowSeconds: number): TokenTime[] {
  const times = Object.entries(verbs).flatMap(([claim, [past, future]]): TokenTime[] => {
    const value = claims[claim]
    if (value === undefined) return []
    if (typeof value !== 'number' || !(Math.abs(value) < 8.64e12)) return [{ claim, at: null, words: 'is not a time' }]
    const distance = value - nowSeconds
    const words = distance > 0 ? `${future} in ${duration(distance)}` : `${past} ${duration(-distance)} ago`
    return [{ claim, at: new Date(value * 1000).toISOString(), words }]
  })
  const { iat, exp } = claims
  if (typeof iat === 'number' && typeof exp === 'number' && Number.isFinite(exp - iat)) {
    const words = exp > iat ? `lives ${duration(exp - iat)}` : 'ends before it begins'
    times.push({ claim: 'exp - iat', at: null, words })
  }
  return times
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1]
] as const

/** `3 minutes`, `2 hours 5 minutes`: the two largest units. */
export function duration(seconds: number): string {
  let left = Math.round(seconds)
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ')
}
