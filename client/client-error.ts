/** Why a call got no answer: stable, and public API. */
export type ClientErrorCode =
  /** Neither a frame of Connect nor one of Forge was found. */
  | 'no-platform'
  /** The path, a header or the body cannot be sent. */
  | 'request'
  /** The host gave no token. */
  | 'token'
  /** The backend was not reached, or its answer could not be read. */
  | 'network'

/** A call that got no answer of the backend. An answer with any status is not an error. Never holds a token. */
export class ClientError extends Error {
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'ClientError'
    this.code = code
  }
}
