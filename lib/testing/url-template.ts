import { encodeStrictly } from './app-url.ts'

const VARIABLE = /\{([\w.-]+)\}/g

/** Fills `{name}` with encoded values; a name without a value becomes empty. */
export function fillTemplate(template: string, values: ReadonlyMap<string, string>): string {
  return template.replace(VARIABLE, (_, name: string) => encodeStrictly(values.get(name) ?? ''))
}

export function variablesOf(template: string): Set<string> {
  return new Set(Array.from(template.matchAll(VARIABLE), (match) => match[1] ?? ''))
}
