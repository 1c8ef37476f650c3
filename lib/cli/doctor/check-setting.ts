import { isLoopbackHost } from '../../allowed-hosts.ts'
import { checkDescriptor } from '../../descriptor/check-descriptor.ts'
import type { Descriptor, DescriptorSource } from '../../descriptor/descriptor.ts'
import { loadDescriptor } from '../../descriptor/load-descriptor.ts'
import type { ConnectOptions } from '../../options.ts'
import { resolveOptions } from '../../resolve-options.ts'
import { type Finding, finding, reasonOf } from './finding.ts'

const NEEDED = [22, 18] as const

/** Whether this Node runs the package. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const enough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
  if (!enough) return finding('node', 'failed', `Node ${version} is too old: ${NEEDED.join('.')} or newer is needed.`)
  if (major % 2 === 1)
    return finding('node', 'warning', `Node ${version} is no line with long support: take an even one.`)
  return finding('node', 'ok', `Node ${version}`)
}

/** Whether the options would start an app. The rules are those of the plugin itself. */
export function checkOptions(options: Partial<ConnectOptions>, environment: string): Finding {
  if (options.baseUrl === undefined) {
    return finding(
      'options',
      'skipped',
      'The address of the app is not known: --base-url, or the variables of the app.'
    )
  }
  try {
    const resolved = resolveOptions({ descriptor: {}, ...options, baseUrl: options.baseUrl }, environment)
    const where = `${resolved.baseUrl}, environment "${resolved.environment}"`
    if (!resolved.baseUrl.startsWith('https:') && !isLoopbackHost(new URL(resolved.baseUrl).hostname)) {
      return finding('options', 'failed', `${where}: hosts call https addresses only.`)
    }
    return finding('options', 'ok', where)
  } catch (error) {
    return finding('options', 'failed', reasonOf(error))
  }
}

/** Reads and checks the descriptor; it is given back if it can be read at all. */
export async function checkDescriptorFile(
  source: DescriptorSource | undefined,
  options: { readonly baseUrl?: string; readonly appKey?: string; readonly environment: string }
): Promise<{ readonly found: Finding; readonly descriptor: Descriptor | null }> {
  if (source === undefined) {
    const message = 'No descriptor was named: --descriptor FILE. What the app serves is looked at below.'
    return { found: finding('descriptor', 'skipped', message), descriptor: null }
  }
  try {
    const { baseUrl = 'https://app.example.com', appKey, environment } = options
    const descriptor = await loadDescriptor(source, { baseUrl, appKey, environment })
    const problems = checkDescriptor(descriptor)
    const errors = problems.filter(({ severity }) => severity === 'error')
    const [first] = errors.length > 0 ? errors : problems
    if (first === undefined)
      return { found: finding('descriptor', 'ok', `"${descriptor.key}": nothing was found`), descriptor }
    const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`
    const message = `${first.field} ${first.message}${more}: run "fastify-atlassian descriptor check".`
    return { found: finding('descriptor', errors.length > 0 ? 'failed' : 'warning', message), descriptor }
  } catch (error) {
    return { found: finding('descriptor', 'failed', reasonOf(error)), descriptor: null }
  }
}
