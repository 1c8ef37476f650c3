import { OptionError } from './errors.ts'

/** Small checks of one option each. All throw OptionError. */

export function object<T>(value: T, option: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError(option, value, 'it must be an object', { hidden: true })
  }
  return value
}

export function noUnknown(value: object, prefix: string, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw new OptionError(
        `${prefix}${name}`,
        Reflect.get(value, name),
        `there is no such option; known are ${known.join(', ')}`,
        // Whatever it was meant to be: a database's address, or a key.
        { hidden: true }
      )
    }
  }
}

export function nested(
  groups: Readonly<Record<string, object>>,
  known: Readonly<Record<string, readonly string[]>>
): void {
  for (const [name, group] of Object.entries(groups)) {
    object(group, name)
    noUnknown(group, `${name}.`, known[name] ?? [])
  }
}

export function text(value: unknown, option: string, fallback: string): string {
  if (value === undefined) return fallback
  if (typeof value !== 'string' || value === '') throw new OptionError(option, value, 'it must be a non-empty string')
  return value
}

export function list(value: unknown, option: string, fallback: readonly string[]): readonly string[] {
  if (value === undefined) return fallback
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new OptionError(option, value, 'it must be an array of strings')
  }
  return value
}

export function flag(value: unknown, option: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw new OptionError(option, value, 'it must be true or false')
  return value
}

export function number(value: unknown, option: string, fallback: number, range: { min: number; max: number }): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isFinite(value) || value < range.min || value > range.max) {
    throw new OptionError(option, value, `it must be a number from ${range.min} to ${range.max}`)
  }
  return value
}

export function oneOf<T extends string>(value: unknown, option: string, known: readonly T[], fallback: T): T {
  if (value === undefined) return fallback
  const found = known.find((item) => item === value)
  if (found === undefined) throw new OptionError(option, value, `it must be one of ${known.join(', ')}`)
  return found
}

export function fn<T>(value: T, option: string): T {
  if (value !== undefined && typeof value !== 'function') throw new OptionError(option, value, 'it must be a function')
  return value
}
