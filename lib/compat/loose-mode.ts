import { OptionError } from '../errors.ts'
import type { Log } from '../ports.ts'

const told = new WeakMap<Log, Set<string>>()

/** Warns about a loose mode, once for each log. Throws OptionError without a log: nobody would know. */
export function warnOfLooseMode(log: Log | undefined, mode: string, consequence: string): void {
  if (typeof log?.warn !== 'function') throw new OptionError('log', log, `it must be a log, since ${mode} is loose`)
  const modes = told.get(log) ?? new Set()
  told.set(log, modes)
  if (modes.has(mode)) return
  modes.add(mode)
  log.warn({ mode }, `fastify-atlassian/core/compat: ${mode} is loose: ${consequence}`)
}

/** Only the literal `true` opens a loose mode: no word of a configuration file, and nothing that is merely truthy. */
export function isLiterallyTrue(value: unknown): boolean {
  return value === true
}
