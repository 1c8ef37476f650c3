import { AtlassianError } from '../errors.ts'

/** One thing that is wrong with the configuration. */
export interface ConfigurationProblem {
  /** The variable, or the key of the file, such as `config.json: production.port`. */
  readonly name: string
  /** What is needed, without what came: that may be a secret. */
  readonly expected: string
}

/**
 * The environment or the configuration file is not right: code `ATL_OPTION`. The message lists every problem at once,
 * each with the name of its variable, and holds no value of any of them.
 */
export class ConfigurationError extends AtlassianError {
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ name, expected }) => `\n- ${name}: ${expected}`)
    super('ATL_OPTION', 'configuration', {}, { message: `The configuration is not right:${lines.join('')}` })
    this.name = 'ConfigurationError'
    this.problems = Object.freeze([...problems])
  }
}
