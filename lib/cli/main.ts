import { devCommand } from './dev.ts'
import { importAceCommand } from './import-ace.ts'
import { manifestCommand } from './manifest.ts'
import { migrate } from './migrate.ts'
import { newCommand } from './new.ts'
import { purge } from './purge.ts'
import { reencrypt } from './reencrypt.ts'
import { usage } from './usage.ts'
import { type CliWorld, exitCodes, UsageError, withoutPasswords } from './world.ts'

const commands: Readonly<Record<string, (argv: readonly string[], world: CliWorld) => Promise<number>>> = {
  dev: (argv, world) => devCommand(argv, world),
  'import-ace': importAceCommand,
  manifest: manifestCommand,
  migrate,
  new: newCommand,
  purge,
  reencrypt
}

/** Runs one command and gives its exit code. Never rejects; no output holds a password or a secret. */
export async function main(argv: readonly string[], world: CliWorld): Promise<number> {
  const [name = '', ...rest] = argv
  if (name === '--help' || name === '-h' || name === 'help') {
    world.out(usage)
    return exitCodes.done
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  try {
    if (command === undefined)
      throw new UsageError(name === '' ? 'A command is needed' : `There is no command "${name}"`)
    return await command(rest, world)
  } catch (error) {
    const wrongUse = error instanceof UsageError || isParseError(error)
    world.err(`${withoutPasswords(error instanceof Error ? error.message : 'Unknown failure')}\n`)
    if (wrongUse) world.err('Run "fastify-atlassian --help" to see what is possible.\n')
    return wrongUse ? exitCodes.usage : exitCodes.failed
  }
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
