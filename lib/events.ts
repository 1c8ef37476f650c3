export type AnyHandler = (event: never) => unknown

/** Handlers by name, awaited: whoever emits learns whether they succeeded. The caller keeps names and types in step. */
export interface AsyncEmitter {
  /** Calls `handler` for every `name` from now on. Returns the function that ends it. */
  on(name: string, handler: AnyHandler): () => void
  /** Runs all handlers of `name`, side by side, and waits for them. Rejects with the first failure after all ended. */
  emit(name: string, event: unknown): Promise<void>
}

export function createAsyncEmitter(): AsyncEmitter {
  const handlers = new Map<string, Set<AnyHandler>>()
  return {
    on(name, handler) {
      const ofName = handlers.get(name) ?? new Set()
      handlers.set(name, ofName)
      ofName.add(handler)
      return () => {
        ofName.delete(handler)
      }
    },
    async emit(name, event) {
      const calls = [...(handlers.get(name) ?? [])].map(async (handler) => handler(event as never))
      const results = await Promise.allSettled(calls)
      for (const result of results) if (result.status === 'rejected') throw result.reason
    }
  }
}
