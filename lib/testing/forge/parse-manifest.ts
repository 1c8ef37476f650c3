import { parse } from 'yaml'
import { isObject } from '../descriptor-reader.ts'
import type { ForgeManifest } from './types.ts'

/** A `manifest.yml` for the option `forge.manifest` of the simulator. Throws what the YAML parser throws, or TypeError. */
export function parseManifest(text: string): ForgeManifest {
  const manifest: unknown = parse(text)
  if (!isObject(manifest)) throw new TypeError('A manifest is an object with members such as app and modules')
  return manifest
}
