import { descriptorError } from './descriptor-error.ts'

export type JsonObject = Record<string, unknown>

/** Names that reach the prototype when someone copies or merges the object carelessly. */
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype'])
const maxDepth = 64

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The path of a member as problems name it: `modules.webPanels[0].url`. */
export function fieldOf(parent: string, member: string | number): string {
  if (typeof member === 'number') return `${parent}[${member}]`
  if (!/^[\w$-]+$/.test(member)) return `${parent}[${JSON.stringify(member.slice(0, 60))}]`
  return parent === '' ? member : `${parent}.${member}`
}

/**
 * A deep copy in which every string went through `text`. Members that are `undefined` vanish, as in JSON.
 * Throws ATL_DESCRIPTOR, naming the field, for anything that JSON cannot hold, for names that reach the prototype
 * and for a nesting beyond 64 levels, which is how a circle ends.
 */
export function copyJson(value: unknown, text: (value: string) => string, field = '', depth = 0): unknown {
  if (typeof value === 'string') return text(value)
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return value
  if (typeof value !== 'object') {
    throw descriptorError(
      'not-json',
      `The descriptor holds a ${typeof value} that JSON cannot express at ${place(field)}.`
    )
  }
  if (depth >= maxDepth) {
    throw descriptorError(
      'too-deep',
      `The descriptor is nested deeper than ${maxDepth} levels, or in a circle, at ${place(field)}.`
    )
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => copyJson(item, text, fieldOf(field, index), depth + 1))
  }
  const copy: JsonObject = {}
  for (const [name, member] of Object.entries(value)) {
    if (forbiddenNames.has(name)) {
      throw descriptorError(
        'forbidden-name',
        `The descriptor has a member named "${name}" at ${place(field)}; that name is not allowed.`
      )
    }
    if (member !== undefined) copy[name] = copyJson(member, text, fieldOf(field, name), depth + 1)
  }
  return copy
}

/** Freezes a value that `copyJson` made, with everything inside it. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) deepFreeze(member)
  Object.freeze(value)
}

/** Calls `visit` for every string inside, with its field. */
export function eachString(value: unknown, visit: (text: string, field: string) => void, field = ''): void {
  if (typeof value === 'string') visit(value, field)
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) eachString(item, visit, fieldOf(field, index))
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) eachString(member, visit, fieldOf(field, name))
}

function place(field: string): string {
  return field === '' ? 'its top level' : field.slice(0, 300)
}
