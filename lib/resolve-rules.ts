import { OptionError } from './errors.ts'
import * as check from './option-checks.ts'
import type { ConnectOptions, ResolvedOptions } from './options.ts'

/** Checks the option `personalData`. Throws OptionError. */
export function resolvePersonalData(value: ConnectOptions['personalData'] = {}): ResolvedOptions['personalData'] {
  check.object(value, 'personalData')
  check.noUnknown(value, 'personalData.', ['erase', 'refresh', 'authorize', 'everyMinutes'])
  for (const name of ['erase', 'refresh', 'authorize'] as const) check.fn(value[name], `personalData.${name}`)
  const everyMinutes = check.number(value.everyMinutes, 'personalData.everyMinutes', 0, { min: 0, max: 20_160 })
  if (everyMinutes > 0 && value.erase === undefined) {
    throw new OptionError('personalData.erase', undefined, 'reports need it, to erase what the app stores')
  }
  return Object.freeze({ ...value, everyMinutes })
}

/** Checks the option `license`. Throws OptionError. */
export function resolveLicense(value: ConnectOptions['license'] = {}): ResolvedOptions['license'] {
  check.object(value, 'license')
  check.noUnknown(value, 'license.', ['graceDays', 'freshMinutes'])
  return Object.freeze({
    graceDays: check.number(value.graceDays, 'license.graceDays', 7, { min: 0, max: 365 }),
    freshMinutes: check.number(value.freshMinutes, 'license.freshMinutes', 5, { min: 1, max: 60 })
  })
}
