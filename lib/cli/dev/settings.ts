import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type CliWorld, UsageError } from '../world.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { findEntry } from './find-entry.ts'
import { resourceOf, resourcesOf } from './front-ends.ts'
import { isLoopback } from './loopback.ts'

/** When an app registers and deregisters, as `AC_OPTS` may say it. */
export interface RegistrationChoice {
  readonly register?: 'always' | 'auto' | 'never'
  readonly deregister?: 'always' | 'auto'
}

/** Tunnels that the command opens by itself. */
export type TunnelName = 'ngrok' | 'cloudflared'

/** What `dev` was asked to do. */
export interface DevSettings {
  readonly cwd: string
  readonly entry: string
  readonly port: number
  readonly hostPort: number
  readonly open: boolean
  readonly json: boolean
  readonly manifestFile: string | null
  /** Folders of front ends of Forge, by the key of the manifest's resource. */
  readonly resources: Readonly<Record<string, string>>
  readonly credentials: Credentials | null
  readonly tunnel: TunnelName | null
  readonly publicUrl: string | null
  readonly register: 'always' | 'auto' | 'never'
  readonly deregister: 'always' | 'auto'
  readonly bitbucket: boolean
}

/** `'help'` if that was asked for. Throws UsageError. */
export function readSettings(
  argv: readonly string[],
  world: CliWorld,
  choice: RegistrationChoice
): DevSettings | 'help' {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'host-port': { type: 'string' },
      open: { type: 'boolean' },
      json: { type: 'boolean' },
      manifest: { type: 'string' },
      resource: { type: 'string', multiple: true },
      tunnel: { type: 'string' },
      'public-url': { type: 'string' },
      credentials: { type: 'string' },
      register: { type: 'string' },
      deregister: { type: 'string' },
      product: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help) return 'help'
  const { env, cwd = '.' } = world
  if (env.NODE_ENV === 'production') throw new UsageError('dev is for development, and NODE_ENV says production')
  if (positionals.length > 1) throw new UsageError(`One program is started, and ${positionals.length} were named`)

  const folder = resolve(cwd)
  const manifestFile = fileOf(folder, values.manifest, 'manifest.yml')
  const given = (values.resource ?? []).map((text) => resourceOf(folder, text))
  const credentialsFile = fileOf(folder, values.credentials, 'credentials.json')
  const credentials = credentialsFile === null ? null : readCredentials(credentialsFile)
  const register = oneOf(values.register, '--register', ['always', 'auto', 'never'], choice.register ?? 'auto')
  const publicUrl = publicUrlOf(values['public-url'], env.AC_LOCAL_BASE_URL)
  const named = values.tunnel === undefined ? null : oneOf(values.tunnel, '--tunnel', ['ngrok', 'cloudflared'], 'ngrok')
  if (named !== null && values['public-url'] !== undefined) {
    throw new UsageError('--public-url is the address of your own tunnel, so --tunnel has no meaning beside it')
  }
  if (values.product !== undefined) oneOf(values.product, '--product', ['bitbucket'], 'bitbucket')
  const bitbucket = values.product === 'bitbucket'
  if (bitbucket && credentials?.bitbucket == null) {
    throw new UsageError('--product bitbucket needs "bitbucket" with username and password in credentials.json')
  }
  const usual = publicUrl === null && register !== 'never' && needsTunnel(credentials) ? 'ngrok' : null
  const tunnel = named ?? usual
  if (bitbucket && tunnel === null && publicUrl === null) {
    throw new UsageError('Bitbucket reaches the app at a public address only: add --tunnel or --public-url')
  }
  return {
    cwd: folder,
    entry: findEntry(folder, positionals[0]),
    port: portOf(values.port ?? env.PORT, '--port', 3000),
    hostPort: portOf(values['host-port'], '--host-port', 3001),
    open: values.open === true,
    json: values.json === true,
    manifestFile,
    resources: { ...resourcesOf(manifestFile), ...Object.fromEntries(given) },
    credentials,
    tunnel,
    publicUrl: named === null ? publicUrl : null,
    register,
    deregister: oneOf(values.deregister, '--deregister', ['always', 'auto'], choice.deregister ?? 'auto'),
    bitbucket
  }
}

/** As in ACE: who keeps an account of ngrok beside the sites means it for them. */
function needsTunnel(credentials: Credentials | null): boolean {
  return credentials?.ngrok != null && (credentials.bitbucket !== null || credentials.sites.some((site) => !site.local))
}

function fileOf(folder: string, given: string | undefined, usual: string): string | null {
  const file = resolve(folder, given ?? usual)
  if (existsSync(file)) return file
  if (given !== undefined) throw new UsageError(`There is no file "${given}"`)
  return null
}

function portOf(given: string | undefined, option: string, usual: number): number {
  if (given === undefined || given === '') return usual
  const port = Number(given)
  if (/^\d+$/.test(given) && port > 0 && port < 65_536) return port
  throw new UsageError(`${option} has to be a number from 1 to 65535`)
}

function publicUrlOf(given: string | undefined, fromEnv: string | undefined): string | null {
  const text = given ?? fromEnv
  if (text === undefined || text === '') return null
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  const local = url !== null && isLoopback(url.hostname)
  if (!plain || (url.protocol !== 'https:' && !(local && url.protocol === 'http:'))) {
    throw new UsageError('The public address has to be https, without query and without a password')
  }
  // An address of this machine in the environment is how ACE's apps are told their own port.
  if (local && given === undefined) return null
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function oneOf<const Word extends string>(
  given: string | undefined,
  option: string,
  words: readonly Word[],
  usual: Word
): Word {
  if (given === undefined) return usual
  const word = words.find((known) => known === given)
  if (word === undefined) throw new UsageError(`${option} is ${words.join(', ')}`)
  return word
}
