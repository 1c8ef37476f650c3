import type { Descriptor } from './descriptor.ts'

/** The JSON text that is served to the host. */
export function serializeDescriptor(descriptor: Descriptor): string {
  return `${JSON.stringify(descriptor, null, 2)}\n`
}
