import type { ConnectOptions } from '../options.ts'
import type { Clock, FetchLike } from '../ports.ts'

/** What a command knows of the outside: it reads nothing by itself. */
export interface CliWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Results. */
  out(text: string): void
  /** Progress and complaints. */
  err(text: string): void
  /** Stops long work at a good point. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** Replaces the network, for tests. */
  readonly fetch?: FetchLike
  /** The folder in which the command was called. */
  readonly cwd?: string
  /** Everything that standard input holds, until it ends. */
  stdin?(): Promise<string>
  /** Whether results go to a person's terminal. */
  readonly isTerminal?: boolean
  /** Such as `24.1.0`. */
  readonly nodeVersion?: string
  /** What the app would be started with here: its options as the environment has them. Throws OptionError. */
  appOptions?(): Partial<ConnectOptions>
}

/** `done`; `failed`: something could not be reached or read; `usage`; `partly`: done, but look at what was left. */
export const exitCodes = { done: 0, failed: 1, usage: 2, partly: 3 } as const

/** The command was called in a way that it does not understand. The message is for the caller. */
export class UsageError extends Error {}

/** Throws UsageError if the option is missing. */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new UsageError(`The option --${option} is needed`)
  return value
}

/**
 * An address as given, or the environment variable that `env:NAME` names: what stands in a command line can be read by
 * everybody on the machine. Throws UsageError.
 */
export function address(value: string | undefined, option: string, { env }: CliWorld): string {
  const given = required(value, option)
  if (!given.startsWith('env:')) return given
  const found = env[given.slice('env:'.length)]
  if (found === undefined || found === '') {
    throw new UsageError(`--${option} names an environment variable that is not set: ${given.slice('env:'.length)}`)
  }
  return found
}

/** Takes user names and passwords out of every address in the text. */
export function withoutPasswords(text: string): string {
  return text.replace(/:\/\/\S*@/g, '://***@')
}

/** Takes out whatever looks like a token: its parts begin with the base64 of a brace. */
export function withoutTokens(text: string): string {
  return text.replace(/\be[wy][A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[token]')
}

/** Text of strangers for a terminal: what would move the cursor or hide letters is written as JSON escapes it. */
export function printable(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found === '\n' ? found : found.split('').map(escaped).join('')
  )
}
