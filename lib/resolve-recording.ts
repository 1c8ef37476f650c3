import { OptionError } from './errors.ts'
import * as check from './option-checks.ts'
import type { ConnectOptions } from './options.ts'
import type { RecordingOptions } from './recording/recorder.ts'

/** `null` where nothing is recorded. Throws OptionError, also for any recording in production. */
export function resolveRecording(given: ConnectOptions, production: boolean): RecordingOptions | null {
  const file = given.recordTo === undefined ? null : check.text(given.recordTo, 'recordTo', '')
  const onRecording = check.fn(given.recordDelivery, 'recordDelivery') ?? null
  const redactNames = check.flag(given.redactRecordedNames, 'redactRecordedNames', false)
  const maxBytes = check.number(given.maxRecordedBytes, 'maxRecordedBytes', 10 * 1024 * 1024, {
    min: 1024,
    max: 1024 * 1024 * 1024
  })
  if (file === null && onRecording === null) return null
  if (production) {
    const name = file === null ? 'recordDelivery' : 'recordTo'
    throw new OptionError(name, given[name], 'deliveries hold data of the people of a site: leave it out in production')
  }
  return Object.freeze({ file, onRecording, redactNames, maxBytes })
}
