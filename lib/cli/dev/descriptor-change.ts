import { setTimeout as pause } from 'node:timers/promises'
import { changedFixedParts, checkDescriptor, type Descriptor, loadDescriptor } from '../../descriptor/index.ts'
import { messageOf } from './report.ts'

/** What a changed descriptor file asks for. */
export type DescriptorVerdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'wrong'; readonly reason: string }
  /** The running app cannot take it over. */
  | { readonly kind: 'restart'; readonly fields: readonly string[] }
  | { readonly kind: 'serve' }

/** Remembers what descriptor files held, and judges what they hold now. */
export class DescriptorFiles {
  readonly #baseUrl: string
  readonly #last = new Map<string, Descriptor>()

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl
  }

  async judge(file: string): Promise<DescriptorVerdict> {
    let next: Descriptor
    try {
      next = await this.#read(file)
    } catch (error) {
      return { kind: 'wrong', reason: messageOf(error) }
    }
    // Bitbucket has rules of its own. A key may come from the options of the app, and what else stands behind placeholders is the app's to check.
    const isBitbucket = Array.isArray(next.contexts)
    const wrong = (isBitbucket ? [] : checkDescriptor(next)).find(
      ({ severity, code, field }) => severity === 'error' && field !== 'key' && !code.includes('placeholder')
    )
    if (wrong !== undefined) return { kind: 'wrong', reason: `${wrong.field}: ${wrong.message}` }
    const before = this.#last.get(file)
    this.#last.set(file, next)
    if (before === undefined) return { kind: 'serve' }
    if (JSON.stringify(before) === JSON.stringify(next)) return { kind: 'same' }
    const fields = changedFixedParts(before, next)
    return fields.length > 0 ? { kind: 'restart', fields } : { kind: 'serve' }
  }

  /** What the app has read at its start. */
  async remember(file: string): Promise<void> {
    try {
      this.#last.set(file, await this.#read(file))
    } catch {
      // It is wrong; the app says so itself.
    }
  }

  #read(file: string): Promise<Descriptor> {
    return loadDescriptor(file, { baseUrl: this.#baseUrl, environment: 'development' })
  }
}

/** The descriptor that the app serves, as text; null when it serves none. */
export async function servedDescriptor(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    return response.status === 200 ? await response.text() : null
  } catch {
    return null
  }
}

const TRIES = 30

/** Whether the app serves another descriptor than `before` within three seconds. */
export async function servesAnother(url: string, before: string | null): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    await pause(100)
    const now = await servedDescriptor(url)
    if (now !== null && now !== before) return true
  }
  return false
}
