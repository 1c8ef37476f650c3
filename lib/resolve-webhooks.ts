import { OptionError } from './errors.ts'
import * as check from './option-checks.ts'
import type { ConnectOptions, ResolvedOptions } from './options.ts'

/** The option `webhooks` with its defaults. Throws OptionError. */
export function resolveWebhooks({ webhooks = {}, descriptor }: ConnectOptions): ResolvedOptions['webhooks'] {
  return Object.freeze({
    mode: check.oneOf(webhooks.mode, 'webhooks.mode', ['inbox', 'await', 'memory'], 'inbox'),
    bodyLimit: check.number(webhooks.bodyLimit, 'webhooks.bodyLimit', 5 * 1024 * 1024, {
      min: 1024,
      max: 100 * 1024 * 1024
    }),
    concurrency: check.number(webhooks.concurrency, 'webhooks.concurrency', 8, { min: 1, max: 1000 }),
    handlerTimeoutMs: check.number(webhooks.handlerTimeoutMs, 'webhooks.handlerTimeoutMs', 30_000, {
      min: 100,
      max: 3_600_000
    }),
    dynamicPath: parseDynamicPath(webhooks.dynamicPath, descriptor !== undefined)
  })
}

function parseDynamicPath(value: string | undefined, hasDescriptor: boolean): string | null {
  const option = 'webhooks.dynamicPath'
  if (value === undefined) return null
  if (!hasDescriptor) throw new OptionError(option, value, 'it is for Connect and needs "descriptor"')
  if (typeof value !== 'string' || !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(value)) {
    throw new OptionError(option, value, 'it must be a path of its own, such as "/webhooks/dynamic"')
  }
  return value
}
