import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { UsageError } from './world.ts'

/** The content of a manifest in YAML or JSON. Throws UsageError. */
export function readManifestFile(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`"${file}" cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
  try {
    if (file.endsWith('.json')) return JSON.parse(text)
    return parse(text)
  } catch (error) {
    // The parsers name the place and what they met there.
    throw new UsageError(`"${file}" cannot be understood: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}
