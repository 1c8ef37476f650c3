import type { Descriptor } from './descriptor.ts'
import { fieldOf, isObject, type JsonObject } from './json-value.ts'

export interface RawModule {
  readonly type: string
  readonly module: JsonObject
  /** Such as `modules.webPanels[0]`, or `modules.configurePage` for a module that is not in a list. */
  readonly field: string
}

/** Every module of the descriptor that is an object, in its order. A type may be one module, a list, `false` or `null`. */
export function listModules(descriptor: Descriptor): RawModule[] {
  if (!isObject(descriptor.modules)) return []
  return Object.entries(descriptor.modules).flatMap(([type, value]) => {
    const field = fieldOf('modules', type)
    if (isObject(value)) return [{ type, module: value, field }]
    if (!Array.isArray(value)) return []
    return value.flatMap((item: unknown, index) =>
      isObject(item) ? [{ type, module: item, field: fieldOf(field, index) }] : []
    )
  })
}
