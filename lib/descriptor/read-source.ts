import { readFile } from 'node:fs/promises'
import stripJsonComments from 'strip-json-comments'
import type { DescriptorSource } from './descriptor.ts'
import { descriptorError } from './descriptor-error.ts'
import { findJsonFault, positionOf } from './json-fault.ts'
import { isObject, type JsonObject } from './json-value.ts'

/** The raw descriptor. Throws ATL_DESCRIPTOR with a sentence that names the file, as it was given, and the place. */
export async function readSource(source: DescriptorSource): Promise<JsonObject> {
  if (typeof source === 'string' || source instanceof URL) return readDescriptorFile(source)
  if (typeof source !== 'function') return requireObject(source, 'The descriptor')
  let made: unknown
  try {
    made = await source()
  } catch (cause) {
    throw descriptorError(
      'source-failed',
      'The function that makes the descriptor failed; its error is the cause of this one.',
      cause
    )
  }
  return requireObject(made, 'What the descriptor function returned')
}

async function readDescriptorFile(source: string | URL): Promise<JsonObject> {
  const name = `The descriptor file "${String(source).slice(0, 300)}"`
  if (source instanceof URL && source.protocol !== 'file:') {
    throw descriptorError('source-url', `${name} has to be a file: URL; the descriptor is never read from the network.`)
  }
  let text: string
  try {
    text = await readFile(source, 'utf8')
  } catch (cause) {
    throw descriptorError('file-unreadable', `${name} cannot be read (${systemCode(cause)}).`, cause)
  }
  return requireObject(parse(text, name), name)
}

function parse(text: string, name: string): unknown {
  // Comments become blanks, so that offsets in `plain` are offsets in the file.
  const plain = stripJsonComments(text.replace(/^\uFEFF/, ' '), { trailingCommas: true })
  const fault = findJsonFault(plain)
  if (fault === null) return JSON.parse(plain)
  const { line, column } = positionOf(plain, fault)
  const what =
    plain.trim() === '' ? 'is empty' : fault >= plain.trimEnd().length ? 'ends too early' : 'is not valid JSON'
  throw descriptorError('file-not-json', `${name} ${what}, at line ${line}, column ${column}.`)
}

export function requireObject(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value
  const came =
    value === null ? 'null' : Array.isArray(value) ? 'an array' : value === undefined ? 'nothing' : `a ${typeof value}`
  throw descriptorError('not-an-object', `${what} is ${came}, but a descriptor is a JSON object.`)
}

function systemCode(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return 'unknown reason'
  return cause.code === 'ENOENT' ? 'there is no such file' : String(cause.code)
}
