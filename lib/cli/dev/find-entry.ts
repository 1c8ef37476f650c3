import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { UsageError } from '../world.ts'

const names = ['src/server', 'src/index', 'server', 'app', 'index']
const endings = ['.ts', '.mts', '.js', '.mjs']

/** The program of the app, as an absolute path. Throws UsageError when there is none. */
export function findEntry(cwd: string, given: string | undefined): string {
  if (given !== undefined) {
    const file = resolve(cwd, given)
    if (isFile(file)) return file
    throw new UsageError(`There is no file "${given}" to start`)
  }
  const main = mainOf(join(cwd, 'package.json'))
  const candidates = [
    ...(main === undefined ? [] : [main]),
    ...names.flatMap((name) => endings.map((ending) => name + ending))
  ].map((name) => resolve(cwd, name))
  const found = candidates.find(isFile)
  if (found !== undefined) return found
  const tried = candidates.map((file) => relative(cwd, file)).join(', ')
  throw new UsageError(`The program of the app was not found; name it: fastify-atlassian dev FILE. Tried: ${tried}`)
}

function mainOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  try {
    const { main }: { main?: unknown } = JSON.parse(readFileSync(file, 'utf8'))
    return typeof main === 'string' && main !== '' ? main : undefined
  } catch {
    throw new UsageError('package.json is not valid JSON')
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true
}
