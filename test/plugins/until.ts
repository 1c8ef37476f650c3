import { setTimeout as pause } from 'node:timers/promises'

/** Ends as soon as `condition` holds, at the latest after two seconds: then the assertion behind it fails. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries++) await pause(5)
}
