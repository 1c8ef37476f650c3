import { parseAcOpts, refuseAcOpts } from '../config/ac-opts.ts'
import { version } from '../version.ts'
import { descriptorCommand } from './descriptor.ts'
import type { RegistrationChoice } from './dev/settings.ts'
import { devCommand } from './dev.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { importAceCommand } from './import-ace.ts'
import { manifestCommand } from './manifest.ts'
import { migrate } from './migrate.ts'
import { newCommand } from './new.ts'
import { purge } from './purge.ts'
import { reencrypt } from './reencrypt.ts'
import { replay } from './replay.ts'
import { sign } from './sign.ts'
import { suggest } from './suggest.ts'
import { usage } from './usage.ts'
import { type CliWorld, exitCodes, UsageError, withoutPasswords, withoutTokens } from './world.ts'

const commands: Readonly<Record<string, (argv: readonly string[], world: CliWorld) => Promise<number>>> = {
  descriptor: descriptorCommand,
  dev: (argv, world) => devCommand(argv, world, registrationOf(world)),
  doctor,
  explain,
  'import-ace': importAceCommand,
  manifest: manifestCommand,
  migrate,
  new: newCommand,
  purge,
  reencrypt,
  replay,
  sign
}

/** What ACE's variable says about registration. Throws OptionError for words that would turn authentication off. */
function registrationOf({ env }: CliWorld): RegistrationChoice {
  refuseAcOpts(env.AC_OPTS)
  const { register, deregister } = parseAcOpts(env.AC_OPTS)
  return { register, deregister }
}

/** Runs one command and gives its exit code. Never rejects; no complaint holds a password, a token or a secret. */
export async function main(argv: readonly string[], world: CliWorld): Promise<number> {
  const [name = '', ...rest] = argv
  if (name === '--version' || name === '-v') {
    world.out(`${version}\n`)
    return exitCodes.done
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    world.out(usage)
    return exitCodes.done
  }
  try {
    if (name === 'help') return await commandNamed(rest[0] ?? '')([...rest.slice(1), '--help'], world)
    return await commandNamed(name)(rest, world)
  } catch (error) {
    const wrongUse = error instanceof UsageError || isParseError(error)
    world.err(`${withoutTokens(withoutPasswords(error instanceof Error ? error.message : 'Unknown failure'))}\n`)
    if (wrongUse) {
      const about = Object.hasOwn(commands, name) ? `${name} ` : ''
      world.err(`Run "fastify-atlassian ${about}--help" to see what is possible.\n`)
    }
    return wrongUse ? exitCodes.usage : exitCodes.failed
  }
}

function commandNamed(name: string) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command
  if (name === '') throw new UsageError('A command is needed')
  const meant = suggest(name, Object.keys(commands))
  throw new UsageError(`There is no command "${name}"${meant === null ? '' : `. Did you mean "${meant}"?`}`)
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
