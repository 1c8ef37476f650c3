import { isObject } from '../descriptor-reader.ts'

/** Changes members at any depth: objects are merged, everything else is replaced, and `undefined` removes a member. */
export function changedDeeply(
  value: Readonly<Record<string, unknown>>,
  changes: Readonly<Record<string, unknown>> | undefined
): Record<string, unknown> {
  const result = { ...value }
  for (const [name, change] of Object.entries(changes ?? {})) {
    const before = result[name]
    if (change === undefined) delete result[name]
    else result[name] = isObject(change) && isObject(before) ? changedDeeply(before, change) : change
  }
  return result
}
