import type { ConnectOptions } from '../options.ts'
import { type AceFile, isAceFile, readAceFile } from './ace-file.ts'
import type { ConfigurationProblem } from './configuration-error.ts'
import { readDevelopment } from './development.ts'
import { type ConfiguredOption, createDraft, type Draft, toOptions } from './draft.ts'
import { readKeyFiles } from './key-files.ts'
import { ownKeys, readAce, sayAllowList } from './read-ace.ts'
import { CONFIG_FILE, DEVELOPMENT, KEY_FILES, otherVariables, PREFIX, variables } from './variables.ts'

/** What the environment and the file gave, by their names in `connectPlugin`. Members that only code can say are absent. */
export type ConfiguredOptions = Pick<ConnectOptions, 'baseUrl'> &
  Partial<Omit<ConnectOptions, 'baseUrl' | 'descriptor'>>

/** The world, as far as the configuration is read from it. */
export interface ConfigurationSource {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The bytes of a file. Throws if it cannot be read. */
  readFile(path: string): Uint8Array
  /** Which section of ACE's file is read. Default: NODE_ENV, else `development`. */
  readonly environment?: string
  /** ACE's file. Default: `config.json`, if there is one of ACE's. `false`: none. */
  readonly configFile?: string | false
}

/** Everything that was found, right or wrong. */
export interface Configuration {
  readonly port: number
  readonly host: string
  readonly options: ConfiguredOptions
  /** Keys of ACE's file that are the app's own. */
  readonly config: Readonly<Record<string, unknown>>
  /** What the start has to say: ACE's keys that mean something else here, or nothing. */
  readonly notices: readonly string[]
  /** If there are any, the rest must not be used. */
  readonly problems: readonly ConfigurationProblem[]
  /** Each option that is set, and by what. */
  readonly sources: readonly ConfiguredOption[]
  /** The file of ACE that was read, if one was. */
  readonly configFile: string | null
}

/** Reads the whole configuration and throws nothing: all that is wrong stands in `problems`. */
export function readConfiguration(source: ConfigurationSource): Configuration {
  const { env } = source
  const draft = createDraft()
  if (source.environment !== undefined) draft.set('environment', source.environment, 'environment')
  readDevelopment(draft, env[DEVELOPMENT])
  readVariables(draft, source)
  const environment = source.environment ?? (env.NODE_ENV || 'development')
  const file = readFileOfAce(draft, source, environment)
  readAce(draft, file, env, environment)

  const production = env.NODE_ENV === 'production' || draft.get('environment') === 'production'
  if (production && env[DEVELOPMENT]) draft.problem(DEVELOPMENT, 'it must not be set in production')
  sayAllowList(draft, file, env, production)
  fillDefaults(draft, production)
  if (hasForge(draft) && !draft.has('forge.appId')) {
    draft.problem(`${PREFIX}FORGE_APP_ID`, 'it must be set when other variables of Forge are')
  }
  if (draft.notices.length > 0) draft.set('notices', [...draft.notices], 'notices')
  return summarize(draft, ownKeys(file, env), file)
}

function readVariables(draft: Draft, { env, readFile }: ConfigurationSource): void {
  const names = new Set([
    ...otherVariables,
    ...variables.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]))
  ])
  for (const name of Object.keys(env)) {
    if (name.startsWith(PREFIX) && !names.has(name)) draft.problem(name, 'there is no such variable')
  }
  for (const { name, kind, option, secret = false } of variables) {
    const value = secret ? secretText(draft, name, { env, readFile }) : env[name]
    if (value) draft.read(option, kind, value, name, secret)
  }
  const keyFiles = env[KEY_FILES]
  if (keyFiles) readKeyFiles(draft, keyFiles, readFile)
}

/** The variable, or the file that `NAME_FILE` names, without the line end that editors leave. */
function secretText(draft: Draft, name: string, { env, readFile }: ConfigurationSource): string | undefined {
  const path = env[`${name}_FILE`]
  if (!path) return env[name]
  if (env[name]) {
    draft.problem(name, `it must not be set beside ${name}_FILE`)
    return undefined
  }
  try {
    const text = Buffer.from(readFile(path)).toString('utf8').trim()
    if (text !== '') return text
    draft.problem(`${name}_FILE`, 'the file that it names is empty')
  } catch {
    draft.problem(`${name}_FILE`, 'it must be the path of a file that can be read')
  }
  return undefined
}

function readFileOfAce(
  draft: Draft,
  { env, readFile, configFile }: ConfigurationSource,
  environment: string
): AceFile | null {
  if (configFile === false) return null
  const named = configFile ?? (env[CONFIG_FILE] || undefined)
  const path = named ?? 'config.json'
  let text: string
  try {
    text = Buffer.from(readFile(path)).toString('utf8')
  } catch {
    if (named !== undefined) draft.problem(configFile === undefined ? CONFIG_FILE : path, 'the file cannot be read')
    return null
  }
  try {
    const file = readAceFile(text, path, environment)
    return named === undefined && !isAceFile(file) ? null : file
  } catch (error) {
    // A fault must not turn ACE's file into one of another tool, which nobody reads.
    const fault = error instanceof Error ? error.message : 'it cannot be read'
    draft.problem(path, named === undefined ? `${fault}; if it is not one of ACE, say "configFile: false"` : fault)
    return null
  }
}

function fillDefaults(draft: Draft, production: boolean): void {
  draft.set('port', 3000, 'default')
  // Containers and proxies reach a server of production from outside; a developer's is for this machine.
  draft.set('host', production ? '0.0.0.0' : '127.0.0.1', 'default')
  if (draft.has('baseUrl')) return
  if (production) draft.problem(`${PREFIX}BASE_URL`, 'in production it must be set to the public address of the app')
  else draft.set('baseUrl', `http://127.0.0.1:${draft.get('port')}`, 'default')
}

function hasForge(draft: Draft): boolean {
  return draft.options.some(({ option }) => option.startsWith('forge.'))
}

function summarize(draft: Draft, config: Record<string, unknown>, file: AceFile | null): Configuration {
  const { problems, notices } = draft
  const sources = draft.options
  const listening = ['port', 'host']
  const options = toOptions(sources.filter(({ option }) => !listening.includes(option)))
  return {
    port: Number(draft.get('port')),
    host: String(draft.get('host')),
    // The schema of the variables has checked every member; `connectPlugin` checks them all again.
    options: options as ConfiguredOptions,
    config,
    notices,
    problems,
    sources: sources.filter(({ option }) => option !== 'notices'),
    configFile: file?.name ?? null
  }
}
