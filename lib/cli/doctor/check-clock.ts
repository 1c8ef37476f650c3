import { duration } from '../../explain/token-times.ts'
import type { Clock, FetchLike } from '../../ports.ts'
import { type Finding, finding, reasonOf } from './finding.ts'

/** What the option `tokens.leewaySeconds` forgives, and where worry begins. */
const LEEWAY_SECONDS = 30
const WORRY_SECONDS = 5

/** Compares this clock with the one behind an address, by its header `Date`, which has whole seconds. */
export async function checkClock(url: string, fetch: FetchLike, clock: Clock, timeoutMs: number): Promise<Finding> {
  const server = new URL(url).host
  try {
    const before = clock()
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const after = clock()
    await response.body?.cancel()
    const theirs = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return finding('clock', 'skipped', `${server} tells no time.`)
    // Somewhere within the second that the header names, and within the time that the question took.
    const ahead = Math.max(0, before - (theirs + 999))
    const behind = Math.max(0, theirs - after)
    const seconds = Math.max(ahead, behind) / 1000
    const words = `This clock is ${duration(seconds)} ${ahead > 0 ? 'ahead of' : 'behind'} that of ${server}`
    if (seconds > LEEWAY_SECONDS)
      return finding('clock', 'failed', `${words}: fresh tokens are refused. Use a time service.`)
    if (seconds > WORRY_SECONDS)
      return finding('clock', 'warning', `${words}; tokens forgive ${LEEWAY_SECONDS} seconds, those of Forge 5.`)
    return finding('clock', 'ok', `This clock and that of ${server} agree.`)
  } catch (error) {
    return finding('clock', 'skipped', `${server} cannot be asked for the time: ${reasonOf(error)}.`)
  }
}
