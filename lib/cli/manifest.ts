import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { assertDescriptor } from '../descriptor/check-descriptor.ts'
import type { Descriptor } from '../descriptor/descriptor.ts'
import { isObject } from '../descriptor/json-value.ts'
import { loadDescriptor } from '../descriptor/load-descriptor.ts'
import { checkManifest } from '../manifest/check-manifest.ts'
import { createManifest } from '../manifest/create-manifest.ts'
import {
  type ManifestFinding,
  type ManifestOptions,
  type ManifestProduct,
  type ManifestRoute,
  manifestProducts
} from '../manifest/manifest.ts'
import { manifestToYaml } from '../manifest/to-yaml.ts'
import { manifestReport } from './manifest-report.ts'
import { readManifestFile } from './read-manifest-file.ts'
import { manifestUsage } from './usage.ts'
import { type CliWorld, exitCodes, required, UsageError } from './world.ts'

/** `manifest`: writes one, or checks the one that is there. */
export async function manifestCommand(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      descriptor: { type: 'string' },
      'base-url': { type: 'string' },
      'app-key': { type: 'string' },
      'app-id': { type: 'string' },
      product: { type: 'string', multiple: true },
      scope: { type: 'string', multiple: true },
      'impersonation-scope': { type: 'string', multiple: true },
      'user-token': { type: 'boolean' },
      'data-residency-path': { type: 'string' },
      routes: { type: 'string' },
      'mount-path': { type: 'string' },
      check: { type: 'string' },
      out: { type: 'string' },
      force: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help) {
    world.out(manifestUsage)
    return exitCodes.done
  }
  const routes = values.routes === undefined ? undefined : readRoutes(values.routes)
  const forge: ManifestOptions = {
    appId: values['app-id'],
    products: values.product?.map(toProduct),
    scopes: values.scope,
    impersonationScopes: values['impersonation-scope'],
    userToken: values['user-token'],
    dataResidencyPath: values['data-residency-path']
  }
  if (values.check !== undefined) {
    if (values.out !== undefined) throw new UsageError('--check writes nothing, so --out has no meaning beside it')
    const manifest = readManifestFile(values.check)
    const descriptor = values.descriptor === undefined ? undefined : await readDescriptor(values.descriptor)
    const mountPath = values['mount-path']
    return tell(checkManifest(manifest, { descriptor, routes, mountPath, forge }))
  }

  const descriptor = await readDescriptor(required(values.descriptor, 'descriptor'))
  const { manifest, notes } = createManifest({ descriptor, forge, ...(routes === undefined ? {} : { routes }) })
  const { out } = values
  if (out !== undefined && existsSync(out) && !values.force) {
    throw new UsageError(`"${out}" is there already: --force replaces it, --check ${out} looks at it`)
  }
  if (values.json) {
    world.out(`${JSON.stringify({ manifest, notes })}\n`)
    return exitCodes.done
  }
  const text = manifestToYaml(
    manifest,
    'Made from the Connect descriptor. The report of the command tells what is left to do.'
  )
  if (out === undefined) world.out(text)
  else writeFileSync(out, text)
  // The manifest may be piped into a file, so the report takes the other way out.
  world.err(manifestReport(notes))
  return exitCodes.done

  function tell(findings: readonly ManifestFinding[]): number {
    world.out(values.json ? `${JSON.stringify(findings)}\n` : manifestReport(findings))
    return findings.length === 0 ? exitCodes.done : exitCodes.partly
  }

  async function readDescriptor(file: string): Promise<Descriptor> {
    const loaded = await loadDescriptor(file, { baseUrl: values['base-url'] ?? '', appKey: values['app-key'] })
    assertDescriptor(loaded)
    return loaded
  }
}

function toProduct(name: string): ManifestProduct {
  const product = manifestProducts.find((known) => known === name)
  if (product === undefined) throw new UsageError(`--product is one of ${manifestProducts.join(', ')}`)
  return product
}

/** What `app.atlassian.routes()` gave, as a file. */
function readRoutes(file: string): ManifestRoute[] {
  const problem = new UsageError(`--routes: "${file}" is not the list that app.atlassian.routes() gives, as JSON`)
  let list: unknown
  try {
    list = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw problem
  }
  if (!Array.isArray(list)) throw problem
  return list.map((route: unknown) => {
    if (!isObject(route) || typeof route.url !== 'string') throw problem
    return { url: route.url, method: texts(route.method), policy: texts(route.policy) }
  })

  function texts(value: unknown): string[] {
    const all: unknown[] = [value].flat()
    if (!all.every((item) => typeof item === 'string')) throw problem
    return all
  }
}
