import { Secret } from '../secret.ts'

/**
 * The value as JSON text. Members that are `undefined` are left out, as JSON does. Throws TypeError for what JSON
 * would drop or change without a word, and RangeError if the text has more bytes than allowed.
 */
export function settingText(value: unknown, maxBytes: number): string {
  const text: string | undefined = JSON.stringify(value, checkMember)
  if (text === undefined) throw new TypeError('The value of a setting must be JSON, and "undefined" is not')
  if (Buffer.byteLength(text) > maxBytes) {
    throw new RangeError(`The value of a setting must have at most ${maxBytes} bytes as JSON`)
  }
  return text
}

/** Called by JSON.stringify with the object or array that holds the member as `this`. */
function checkMember(this: unknown, name: string, value: unknown): unknown {
  const holder = Object(this)
  if (Reflect.get(holder, name) instanceof Secret) throw notJson('a Secret, which does not print itself')
  if (typeof value === 'number' && !Number.isFinite(value)) throw notJson(String(value))
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw notJson(`a ${typeof value}`)
  }
  if (value instanceof Map || value instanceof Set) throw notJson('a Map or Set')
  if (value === undefined && Array.isArray(this)) throw notJson('"undefined" in an array')
  return value
}

function notJson(what: string): TypeError {
  return new TypeError(`The value of a setting must be JSON, and it holds ${what}`)
}
