import { type Configuration, readConfiguration } from '../../../lib/config/read-configuration.ts'

interface Given {
  readonly env?: Readonly<Record<string, string>>
  /** Members of ACE's file, or its text. */
  readonly ace?: object | string
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly environment?: string
  readonly configFile?: string | false
}

/** Reads a configuration from a world of its own: nothing of this machine reaches it. */
export function configure({ env = {}, ace, files = {}, environment, configFile }: Given): Configuration {
  const text = typeof ace === 'object' ? JSON.stringify(ace) : ace
  const world = new Map<string, string | Uint8Array>(Object.entries(files))
  if (text !== undefined) world.set('config.json', text)
  return readConfiguration({
    env,
    environment,
    configFile,
    readFile(path) {
      const found = world.get(path)
      if (found === undefined) throw new Error(`no such file: ${path}`)
      return Buffer.from(found)
    }
  })
}
