const MOST_TRIES = 5

/**
 * Runs it again when MySQL gave it up to end a deadlock, which there may happen to a single statement: nothing of it
 * was done. Other failures are thrown as they are.
 */
export async function retryDeadlock<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      const isDeadlock = error instanceof Error && 'code' in error && error.code === 'ER_LOCK_DEADLOCK'
      if (!isDeadlock || tries === MOST_TRIES) throw error
    }
  }
}
