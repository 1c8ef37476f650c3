import type { Descriptor } from './descriptor.ts'
import { descriptorError } from './descriptor-error.ts'

/** The descriptor tells hosts an address; unless it is one of ours, no install would ever name us as its audience. */
export function assertOwnAddress(descriptor: Descriptor, baseUrls: readonly string[]): void {
  const address = descriptor.baseUrl.replace(/\/$/, '')
  if (baseUrls.includes(address)) return
  throw descriptorError(
    'base-url-foreign',
    `The baseUrl of the descriptor is "${address}", but the option "baseUrl" is "${baseUrls[0] ?? ''}": make them equal (write "{{localBaseUrl}}" in the descriptor), or name it in "allowedBaseUrls"`
  )
}
