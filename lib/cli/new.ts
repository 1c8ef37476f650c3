import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../version.ts'
import { newApp } from './new/app.ts'
import { type Choice, databases, platforms, products } from './new/choice.ts'
import { createQuestions } from './new/questions.ts'
import { newUsage } from './new-usage.ts'
import { type CliWorld, exitCodes, UsageError } from './world.ts'

const options = {
  product: { type: 'string' },
  platform: { type: 'string' },
  database: { type: 'string' },
  'front-end': { type: 'boolean' },
  name: { type: 'string' },
  key: { type: 'string' },
  start: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  package: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** `new`: writes an app into an empty folder and, if it is wanted, installs and starts it. */
export async function newCommand(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, allowNegative: true })
  if (values.help) {
    world.out(newUsage)
    return exitCodes.done
  }
  if (positionals.length > 1) throw new UsageError('Only one folder can be named')
  const [dir = ''] = positionals
  if (dir === '') throw new UsageError('"new" needs the folder of the app, such as: new tea')
  const folder = resolve(world.cwd ?? '.', dir)
  requireEmpty(folder)

  const asks = !values.yes && !values.json && world.isTerminal === true && process.stdin.isTTY
  const questions = asks ? createQuestions(process.stdin, process.stdout) : null
  let choice: Choice
  try {
    const pick = async <Name extends string>(
      option: string,
      given: string | undefined,
      names: readonly Name[],
      standard: Name
    ) =>
      given === undefined && questions !== null
        ? await questions.pick(option, names, standard)
        : oneOf(option, given, names, standard)
    choice = {
      name: values.name ?? basename(folder),
      key:
        values.key ??
        `com.example.${basename(folder)
          .toLowerCase()
          .replace(/[^a-z0-9-]+/g, '-')}`,
      product: await pick('product', values.product, products, 'jira'),
      platform: await pick('platform', values.platform, platforms, 'connect-on-forge'),
      database: await pick('database', values.database, databases, 'sqlite'),
      frontEnd: values['front-end'] ?? (await questions?.pick('a page for people', ['yes', 'no'], 'yes')) !== 'no',
      packageSpec: values.package ?? `^${version}`
    }
  } finally {
    questions?.close()
  }
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(choice.key)) {
    throw new UsageError('The key has up to 64 letters, digits, dots, dashes and underscores')
  }
  if (/["'`\\\r\n$]/.test(choice.name)) throw new UsageError('The name has no quotes, no dollar sign and is one line')

  const files = newApp(choice)
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { flag: 'wx' })
  }
  if (values.json) world.out(`${JSON.stringify({ folder, ...choice, files: files.map(({ path }) => path) })}\n`)
  else world.out(`Made ${choice.name} in ${folder}: ${files.length} files.\n`)
  if (values.start) return await installAndStart(folder, world)
  if (!values.json) world.out(`\nNext:\n  cd ${inShell(dir)}\n  npm install\n  npm start\n`)
  return exitCodes.done
}

/** To be copied into a shell. */
function inShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

function requireEmpty(folder: string): void {
  let found: string[] = []
  try {
    found = readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw new UsageError(`"${folder}" cannot be used as a folder`)
  }
  if (found.some((name) => name !== '.git')) throw new UsageError(`"${folder}" is not empty`)
}

function oneOf<Name extends string>(
  option: string,
  given: string | undefined,
  names: readonly Name[],
  standard: Name
): Name {
  const text = given?.trim() ?? ''
  if (text === '') return standard
  const found = names.find((name) => name === text)
  if (found === undefined) throw new UsageError(`--${option} is one of ${names.join(', ')}`)
  return found
}

async function installAndStart(folder: string, world: CliWorld): Promise<number> {
  for (const args of [['install', '--no-audit', '--no-fund'], ['start']]) {
    const code = await runNpm(args, folder, world)
    if (world.signal?.aborted) return exitCodes.done
    if (code !== 0) {
      world.err(`npm ${args[0]} ended with ${code}\n`)
      return exitCodes.failed
    }
  }
  return exitCodes.done
}

/** npm speaks for itself; a Ctrl-C reaches it as it reaches us. */
function runNpm(args: readonly string[], cwd: string, { env, signal }: CliWorld): Promise<number | null> {
  return new Promise((done, failed) => {
    const npm = spawn('npm', args, { cwd, env: { ...env }, stdio: 'inherit', shell: process.platform === 'win32' })
    signal?.addEventListener('abort', () => npm.kill('SIGINT'), { once: true })
    npm.once('error', failed)
    npm.once('exit', done)
  })
}
