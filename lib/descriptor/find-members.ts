import { fieldOf, isObject, type JsonObject } from './json-value.ts'

export interface FoundMember {
  readonly value: unknown
  /** The object that has the member. */
  readonly holder: JsonObject
  readonly field: string
}

/** All members at a path such as `actions.*.templateUrl`; `*` is any member of an object or any item of a list. */
export function findMembers(start: unknown, path: string, field: string): FoundMember[] {
  return find(start, path.split('.'), field)
}

function find(start: unknown, [name = '', ...rest]: readonly string[], field: string): FoundMember[] {
  if (name === '*' && Array.isArray(start))
    return start.flatMap((item, index) => find(item, rest, fieldOf(field, index)))
  if (!isObject(start)) return []
  if (name === '*') return Object.entries(start).flatMap(([key, value]) => find(value, rest, fieldOf(field, key)))
  const value = Object.hasOwn(start, name) ? start[name] : undefined
  if (value === undefined || value === null) return []
  const valueField = fieldOf(field, name)
  return rest.length === 0 ? [{ value, holder: start, field: valueField }] : find(value, rest, valueField)
}
