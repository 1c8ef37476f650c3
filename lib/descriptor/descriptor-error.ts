import { AtlassianError } from '../errors.ts'

/** The descriptor cannot be used; `message` is a sentence for the developer and holds no value of the descriptor. */
export function descriptorError(reason: string, message: string, cause?: unknown): AtlassianError {
  return new AtlassianError('ATL_DESCRIPTOR', reason, {}, { message, cause })
}
