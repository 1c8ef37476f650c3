/**
 * Resolves or rejects as the work does, or rejects with `failure` after so many milliseconds; the work itself goes on,
 * since nothing can stop it.
 */
export async function within<Value>(
  work: Promise<Value>,
  limitMs: number,
  failure: () => Error = () => new Error(`not done within ${limitMs} ms`)
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure()), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
