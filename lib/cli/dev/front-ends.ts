import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isObject } from '../../descriptor/json-value.ts'
import { readManifestFile } from '../read-manifest-file.ts'
import { UsageError } from '../world.ts'

/** The folders of the `resources` of a manifest that are there: a build may still be missing. Throws UsageError. */
export function resourcesOf(manifestFile: string | null): Record<string, string> {
  if (manifestFile === null) return {}
  const manifest = readManifestFile(manifestFile)
  const listed: unknown[] = isObject(manifest) && Array.isArray(manifest.resources) ? manifest.resources : []
  const folders = listed.flatMap((resource) => {
    if (!isObject(resource) || typeof resource.key !== 'string' || typeof resource.path !== 'string') return []
    const folder = resolve(dirname(manifestFile), resource.path)
    return isFolder(folder) ? [[resource.key, folder]] : []
  })
  return Object.fromEntries(folders)
}

/** `KEY=FOLDER`, such as the sources of a front end in place of what a bundler makes of them. Throws UsageError. */
export function resourceOf(cwd: string, text: string): [key: string, folder: string] {
  const [key = '', path = ''] = text.split(/=(.*)/s)
  const folder = resolve(cwd, path)
  if (key !== '' && path !== '' && isFolder(folder)) return [key, folder]
  throw new UsageError(`--resource is KEY=FOLDER, and "${text}" names no folder that is there`)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
