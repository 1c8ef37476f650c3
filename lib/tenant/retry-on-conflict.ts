import { AtlassianError } from '../errors.ts'

const MAX_TRIES = 25

/** Runs the work again while another writer was faster. Throws what it throws, and its conflict after 25 tries. */
export async function retryOnConflict<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const conflict = error instanceof AtlassianError && error.code === 'ATL_STORE_CONFLICT'
      if (!conflict || tries >= MAX_TRIES) throw error
    }
  }
}
