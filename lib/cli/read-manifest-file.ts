import { readFileSync } from 'node:fs'
import { loadPackage } from '../store/load-package.ts'
import { UsageError } from './world.ts'

/** The content of a manifest in YAML or JSON. Throws UsageError, or MissingPackageError: YAML needs a reader. */
export async function readManifestFile(file: string): Promise<unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`"${file}" cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
  try {
    if (file.endsWith('.json')) return JSON.parse(text)
    const { parse } = await loadPackage('yaml', 'Reading a manifest', () => import('yaml'))
    return parse(text)
  } catch (error) {
    // The parsers name the place and what they met there.
    if (error instanceof SyntaxError || (error instanceof Error && error.name === 'YAMLParseError')) {
      throw new UsageError(`"${file}" cannot be understood: ${error.message}`)
    }
    throw error
  }
}
