import { createSecretKey, type KeyObject } from 'node:crypto'

const HIDDEN = '[secret]'

/**
 * A string that refuses to be printed: every way of turning it into text or JSON gives `[secret]`.
 * Only the code that signs, verifies, stores or sends it calls `reveal()`.
 */
export class Secret {
  #value: string
  #hmacKey: KeyObject | undefined

  constructor(value: string) {
    this.#value = value
  }

  /** The secret itself. Never put the result into a message, a log line or an error. */
  reveal(): string {
    return this.#value
  }

  /** The secret as a key for HMAC, imported once and kept, so that a warm request imports none. */
  hmacKey(): KeyObject {
    this.#hmacKey ??= createSecretKey(this.#value, 'utf8')
    return this.#hmacKey
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}
