import type { Timer } from '../ports.ts'

/** The longest that timers of the platform can wait; a longer one would end at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Resolves after so many milliseconds, or rejects with the reason of the signal as soon as it is aborted. */
export function pause(timer: Timer, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const aborted = () => {
      cancel()
      reject(signal?.reason)
    }
    let leftMs = ms
    let cancel = () => {}
    const wait = () => {
      const turnMs = Math.min(leftMs, MAX_TIMER_MS)
      leftMs -= turnMs
      cancel = timer(leftMs > 0 ? wait : ended, turnMs)
    }
    const ended = () => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    wait()
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
