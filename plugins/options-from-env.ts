import { readFileSync } from 'node:fs'
import { ConfigurationError } from '../lib/config/configuration-error.ts'
import { type ConfiguredOptions, readConfiguration } from '../lib/config/read-configuration.ts'

/** Where `optionsFromEnv` reads. Everything has a default. */
export interface OptionsFromEnvInput {
  /** The variables. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A `config.json` of ACE. Default: the one in the current folder, if it is one of ACE's; `false`: none. */
  readonly configFile?: string | false
  /** Which of its sections is read, and the option `environment`. Default: NODE_ENV. */
  readonly environment?: string
}

/** What `optionsFromEnv` gives. */
export interface OptionsFromEnv {
  /** For `app.listen`. Default 3000. */
  readonly port: number
  /** For `app.listen`. Default: this machine only, in production every address. */
  readonly host: string
  /** For `connectPlugin`, to be spread between those of the code. The start logs their `notices`. */
  readonly options: ConfiguredOptions
  /** What the start has to say about the configuration, as in `options.notices`. */
  readonly notices: readonly string[]
  /** Keys of ACE's `config.json` that are the app's own, with `$NAME` replaced. */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * Reads port, host and options from variables of the environment and, if there is one, from ACE's `config.json`.
 * Throws ConfigurationError, which lists everything that is wrong at once and holds no value.
 */
export function optionsFromEnv(input: OptionsFromEnvInput = {}): OptionsFromEnv {
  const { env = process.env, configFile, environment } = input
  const configuration = readConfiguration({ env, configFile, environment, readFile: (path) => readFileSync(path) })
  if (configuration.problems.length > 0) throw new ConfigurationError(configuration.problems)
  const { port, host, options, notices, config } = configuration
  return { port, host, options, notices, config }
}
