import type { Timer } from '../ports.ts'
import { MAX_TIMER_MS } from './pause.ts'

/** The time that one try may take, and the wish of the caller to end it, as one signal. */
export interface CallLimit {
  readonly signal: AbortSignal
  readonly timedOut: boolean
  /** The time is over: from now on only the caller ends it, if the answer is still being read. */
  end(): void
}

/**
 * @param lasting whether the caller's signal counts after `end` too, as it does for a body that the caller reads.
 */
export function startCallLimit(
  timer: Timer,
  ms: number,
  callerSignal: AbortSignal | undefined,
  lasting: boolean
): CallLimit {
  const controller = new AbortController()
  let timedOut = false
  const cancel = timer(
    () => {
      timedOut = true
      controller.abort(new DOMException('The host did not answer in time', 'TimeoutError'))
    },
    Math.min(ms, MAX_TIMER_MS)
  )
  // Joined signals stay joined for as long as the answer is in use; a listener of ours would stay for ever.
  const joined = lasting && callerSignal !== undefined
  const follow = () => controller.abort(callerSignal?.reason)
  if (!joined) callerSignal?.addEventListener('abort', follow, { once: true })
  if (callerSignal?.aborted) follow()
  return {
    signal: joined ? AbortSignal.any([controller.signal, callerSignal]) : controller.signal,
    get timedOut() {
      return timedOut
    },
    end() {
      cancel()
      if (!joined) callerSignal?.removeEventListener('abort', follow)
    }
  }
}
