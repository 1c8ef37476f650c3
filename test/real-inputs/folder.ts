import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Data files of public repositories. They lie beside this repository, not in it. */
export const realInputs = join(import.meta.dirname, '../../../shared/real-inputs')

export const hasRealInputs = existsSync(realInputs)

export const absent = `there is no folder ${realInputs}`

/** Names of the JSON files of a folder, in order. */
export function jsonFiles(...folder: string[]): string[] {
  return readdirSync(join(realInputs, ...folder))
    .filter((name) => name.endsWith('.json'))
    .sort()
}
