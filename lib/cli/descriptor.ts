import { parseArgs } from 'node:util'
import { checkDescriptor } from '../descriptor/check-descriptor.ts'
import type { Descriptor, DescriptorProblem } from '../descriptor/descriptor.ts'
import { loadDescriptor } from '../descriptor/load-descriptor.ts'
import { readSource } from '../descriptor/read-source.ts'
import { serializeDescriptor } from '../descriptor/serialize-descriptor.ts'
import { coloursFor } from './colours.ts'
import { checkUsage, descriptorUsage, printUsage } from './descriptor-usage.ts'
import { suggest } from './suggest.ts'
import { type CliWorld, exitCodes, printable, required, UsageError } from './world.ts'

const actions = ['check', 'print'] as const

/** `descriptor check` and `descriptor print`. */
export async function descriptorCommand(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'base-url': { type: 'string' },
      'app-key': { type: 'string' },
      environment: { type: 'string' },
      product: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  const [action, file, ...rest] = positionals
  if (values.help) {
    world.out(action === 'check' ? checkUsage : action === 'print' ? printUsage : descriptorUsage)
    return exitCodes.done
  }
  if (action !== 'check' && action !== 'print') {
    const meant = suggest(action ?? '', actions)
    throw new UsageError(
      `"descriptor" needs one of: ${actions.join(', ')}${meant === null ? '' : `. Did you mean "${meant}"?`}`
    )
  }
  if (file === undefined) throw new UsageError(`"descriptor ${action}" needs the file of the descriptor`)
  if (rest.length > 0) throw new UsageError(`"descriptor ${action}" takes one file`)
  const appKey = values['app-key']
  const { environment } = values
  const product = productOf(values.product)

  if (action === 'print') {
    const baseUrl = (await needsBaseUrl(file)) ? required(values['base-url'], 'base-url') : (values['base-url'] ?? '')
    world.out(serializeDescriptor(await loadDescriptor(file, { baseUrl, appKey, environment, product })))
    return exitCodes.done
  }
  const baseUrl = values['base-url'] ?? 'https://app.example.com'
  const descriptor = await loadDescriptor(file, { baseUrl, appKey, environment, product })
  const problems = checkDescriptor(descriptor, product)
  world.out(values.json ? `${JSON.stringify({ file, problems })}\n` : report(file, descriptor, problems, world))
  if (problems.some(({ severity }) => severity === 'error')) return exitCodes.failed
  return problems.length === 0 ? exitCodes.done : exitCodes.partly
}

/** Jira and Confluence have the same rules. Throws UsageError. */
function productOf(given: string | undefined): 'bitbucket' | undefined {
  if (given === 'bitbucket') return given
  if (given === undefined || given === 'jira' || given === 'confluence') return undefined
  throw new UsageError('--product is one of jira, confluence, bitbucket')
}

/** Whether an address has to be filled in somewhere. */
async function needsBaseUrl(file: string): Promise<boolean> {
  const raw = await readSource(file)
  return raw.baseUrl === undefined || JSON.stringify(raw).includes('{{localBaseUrl}}')
}

function report(file: string, { key }: Descriptor, problems: readonly DescriptorProblem[], world: CliWorld): string {
  const paint = coloursFor(world)
  if (problems.length === 0) {
    return `${paint.good('ok')}  ${file}${typeof key === 'string' ? ` (${key})` : ''}: nothing was found\n`
  }
  const ranked = [...problems].sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  const width = Math.min(60, Math.max(...ranked.map(({ field }) => field.length)))
  const lines = ranked.map(({ severity, field, message, code }) => {
    const mark = severity === 'error' ? paint.bad('error  ') : paint.careful('warning')
    return `${mark}  ${printable(field.padEnd(width))}  ${printable(message)} ${paint.faint(`[${code}]`)}`
  })
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return `${lines.join('\n')}\n\n${file}: ${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}\n`
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
