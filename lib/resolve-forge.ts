import { isInsecureAddress } from './allowed-hosts.ts'
import { OptionError } from './errors.ts'
import { createApiBaseUrlReader } from './forge/api-base-url.ts'
import { appAri, environmentAri } from './forge/ari.ts'
import {
  environmentTypes,
  type ForgeOptions,
  type IsolatedCloudOptions,
  LABEL_PLACE,
  productionApiHosts,
  productionJwksUrl,
  type ResolvedForgeOptions
} from './forge/forge-options.ts'
import * as check from './option-checks.ts'
import { resolveForgeEvents } from './resolve-forge-events.ts'

interface Stage {
  readonly production: boolean
  /** Whether production may have addresses that are not https, or on this machine. */
  readonly unsafe: boolean
}

/** Checks the option `forge` and fills in defaults; `null` without it. Throws OptionError. */
export function resolveForge(given: ForgeOptions | undefined, stage: Stage): ResolvedForgeOptions | null {
  if (given === undefined) return null
  check.object(given, 'forge')
  check.noUnknown(given, 'forge.', KNOWN)
  const appId = appAri(given.appId)
  if (appId === null) {
    throw new OptionError('forge.appId', given.appId, 'it must be the id of the app in its manifest, a UUID or an ARI')
  }
  const apiHosts = check.list(given.apiHosts, 'forge.apiHosts', productionApiHosts)
  if (apiHosts.length === 0) throw new OptionError('forge.apiHosts', apiHosts, 'it must name at least one origin')
  return Object.freeze({
    appId,
    environments: parseEnvironments(given.environments, appId, stage),
    jwksUrl: parseJwksUrl(check.text(given.jwksUrl, 'forge.jwksUrl', productionJwksUrl), 'forge.jwksUrl', stage),
    readApiBaseUrl: createApiBaseUrlReader(
      apiHosts.map((host, index) => parseOrigin(host, `forge.apiHosts[${index}]`, stage))
    ),
    leewaySeconds: check.number(given.leewaySeconds, 'forge.leewaySeconds', 5, { min: 0, max: 10 }),
    maxLifetimeSeconds: check.number(given.maxLifetimeSeconds, 'forge.maxLifetimeSeconds', 300, { min: 25, max: 300 }),
    isolatedClouds: parseIsolatedClouds(given.isolatedClouds, stage),
    keepAlivePath: parsePath(given.keepAlivePath),
    events: resolveForgeEvents(given.events)
  })
}

const KNOWN = [
  'appId',
  'environments',
  'jwksUrl',
  'apiHosts',
  'leewaySeconds',
  'maxLifetimeSeconds',
  'isolatedClouds',
  'keepAlivePath',
  'events'
] as const satisfies readonly (keyof ForgeOptions)[]

function parsePath(given: string | undefined): string | null {
  if (given === undefined) return null
  const option = 'forge.keepAlivePath'
  const path = check.text(given, option, '')
  if (/^\/[\w.~-]+(?:\/[\w.~-]+)*$/.test(path)) return path
  throw new OptionError(option, path, 'it must be a path such as "/forge/keep-alive", without parameters')
}

/** Anybody may install a development version of the app on a site of their own, and the same key signs for it. */
function parseEnvironments(value: unknown, appId: string, { production }: Stage): ReadonlySet<string> {
  if (value === undefined && production) {
    throw new OptionError(
      'forge.environments',
      undefined,
      'in production it must say whose calls are accepted: the id of your environment, or ["PRODUCTION"]'
    )
  }
  const listed = check.list(value, 'forge.environments', ['DEVELOPMENT', 'STAGING'])
  if (listed.length === 0) {
    throw new OptionError('forge.environments', listed, 'it must name at least one environment')
  }
  return new Set(
    listed.map((entry, index) => {
      const name = environmentTypes.find((type) => type === entry) ?? environmentAri(appId, entry)
      if (name !== null) return name
      throw new OptionError(
        `forge.environments[${index}]`,
        entry,
        `it must be one of ${environmentTypes.join(', ')}, or the id of an environment of this app`
      )
    })
  )
}

function parseJwksUrl(value: string, option: string, stage: Stage): string {
  if (!URL.canParse(value)) throw new OptionError(option, value, 'it must be an http(s) address')
  const url = new URL(value)
  const plain = url.username === '' && url.password === '' && url.hash === '' && /^https?:$/.test(url.protocol)
  if (!plain) throw new OptionError(option, value, 'it must be an http(s) address without credentials or fragment')
  refuseInsecure(value, option, stage)
  return value
}

function parseOrigin(value: string, option: string, stage: Stage): string {
  const origin = URL.canParse(value) ? new URL(value).origin : null
  if (origin === null || origin === 'null' || value.replace(/\/$/, '').toLowerCase() !== origin) {
    throw new OptionError(option, value, 'it must be an origin such as "https://api.atlassian.com"')
  }
  refuseInsecure(origin, option, stage)
  return origin
}

function parseIsolatedClouds(
  given: IsolatedCloudOptions | undefined,
  stage: Stage
): ResolvedForgeOptions['isolatedClouds'] {
  if (given === undefined) return null
  check.object(given, 'forge.isolatedClouds')
  check.noUnknown(given, 'forge.isolatedClouds.', ['labels', 'jwksUrl'])
  const labels = check.list(given.labels, 'forge.isolatedClouds.labels', [])
  if (labels.length === 0) {
    throw new OptionError('forge.isolatedClouds.labels', given.labels, 'it must name at least one cloud')
  }
  for (const [index, label] of labels.entries()) {
    if (/^[a-z0-9_-]{1,50}$/.test(label)) continue
    throw new OptionError(`forge.isolatedClouds.labels[${index}]`, label, 'it must be a label as it stands in tokens')
  }
  const option = 'forge.isolatedClouds.jwksUrl'
  const template = check.text(given.jwksUrl, option, '')
  if (template.split(LABEL_PLACE).length !== 2) {
    throw new OptionError(option, template, `it must have ${LABEL_PLACE} once, in the place of the label`)
  }
  for (const label of labels) parseJwksUrl(template.replace(LABEL_PLACE, label), option, stage)
  return Object.freeze({ labels: new Set(labels), jwksUrl: template })
}

function refuseInsecure(address: string, option: string, { production, unsafe }: Stage): void {
  if (!production || unsafe || !isInsecureAddress(address)) return
  throw new OptionError(
    option,
    address,
    'in production it must be https and not on this machine; "unsafeAllowInsecureHostsInProduction: true" allows it all the same'
  )
}
