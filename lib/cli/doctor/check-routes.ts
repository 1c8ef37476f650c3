import type { Descriptor } from '../../descriptor/descriptor.ts'
import { descriptorModules } from '../../descriptor/descriptor-modules.ts'
import { descriptorWebhooks } from '../../descriptor/descriptor-webhooks.ts'
import { lifecyclePaths } from '../../descriptor/lifecycle-paths.ts'
import type { FetchLike } from '../../ports.ts'
import { type Finding, finding, reasonOf } from './finding.ts'

interface Asked {
  readonly field: string
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** Malformed on purpose: no route takes it, so that nothing happens behind the question. */
const NO_TOKEN = 'JWT asked-by-doctor'
const AT_ONCE = 4

/** Whether each address of the descriptor is served: anything but 404 and 5xx will do, a refusal above all. */
export async function checkRoutes(
  descriptor: Descriptor,
  baseUrl: string,
  fetch: FetchLike,
  timeoutMs: number
): Promise<Finding> {
  const wanted = addressesOf(descriptor)
  if (wanted.length === 0) return finding('routes', 'ok', 'The descriptor names no address.')
  const faults: string[] = []
  const queue = [...wanted]
  const ask = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const fault = await faultOf(next, baseUrl, fetch, timeoutMs)
      if (fault !== null) faults.push(`${next.field} ${fault}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, ask))
  if (faults.length === 0)
    return finding('routes', 'ok', `All ${wanted.length} addresses of the descriptor are served.`)
  return finding(
    'routes',
    'failed',
    `${faults.length} of ${wanted.length} are not served: ${faults.sort().join('; ')}.`
  )
}

function addressesOf(descriptor: Descriptor): Asked[] {
  const modules = descriptorModules(descriptor).map(({ field, methods, path }) => ({
    field,
    method: methods.includes('GET') ? ('GET' as const) : ('POST' as const),
    path
  }))
  const webhooks = descriptorWebhooks(descriptor).flatMap(({ webhooks: [first] }) =>
    first === undefined ? [] : [{ field: first.field, method: 'POST' as const, path: first.path }]
  )
  const lifecycle = Object.values(lifecyclePaths(descriptor)).map(({ field, path }) => ({
    field,
    method: 'POST' as const,
    path
  }))
  const seen = new Set<string>()
  return [...lifecycle, ...webhooks, ...modules].filter(({ method, path }) => {
    const key = `${method} ${path}`
    return seen.has(key) ? false : seen.add(key)
  })
}

async function faultOf(
  { method, path }: Asked,
  baseUrl: string,
  fetch: FetchLike,
  timeoutMs: number
): Promise<string | null> {
  const concrete = path.replace(/\{[^{}]*\}/g, 'doctor')
  try {
    const response = await fetch(baseUrl + concrete, {
      method,
      redirect: 'manual',
      headers: { authorization: NO_TOKEN },
      signal: AbortSignal.timeout(timeoutMs)
    })
    await response.body?.cancel()
    const { status } = response
    return status === 404 || status === 405 || status >= 500 ? `(${method}) answers ${status}` : null
  } catch (error) {
    return `(${method}) does not answer: ${reasonOf(error)}`
  }
}
