import { isObject } from '../descriptor/json-value.ts'
import type { Findings } from './findings.ts'
import { MAX_KEY_LENGTH, remoteOperations } from './manifest.ts'
import { type Entry, type ManifestView, wantsToken } from './read-manifest.ts'

const regions: ReadonlySet<string> = new Set('default EU US AU DE SG CA IN KR JP GB CH'.split(' '))

/** Remotes: keys, addresses, what they are used for (forge.md 4.5, 5.2). */
export function checkRemotes({ remotes }: ManifestView, findings: Findings): void {
  checkKeys(remotes, 'remote', findings)
  const keys = new Set<string>()
  for (const { key, field } of remotes) {
    if (key === '') findings.error('remote-key-missing', `${field}.key`, 'A remote needs a key.')
    else if (keys.has(key)) findings.error('remote-key-twice', `${field}.key`, `There are two remotes "${key}".`)
    keys.add(key)
  }
  for (const remote of remotes) {
    checkBaseUrl(remote, findings)
    checkOperations(remote, findings)
  }
  const stored = remotes.filter(({ value }) => isObject(value.storage) && value.storage.inScopeEUD === true)
  const regionLists = new Set(stored.map(({ value }) => JSON.stringify(regionsOf(value.baseUrl))))
  if (regionLists.size > 1) {
    findings.error(
      'remote-regions-differ',
      'remotes',
      'All remotes that store data of end users list the same regions.'
    )
  }
}

/** Keys of remotes and endpoints: form and length. */
export function checkKeys(entries: readonly Entry[], kind: 'remote' | 'endpoint', findings: Findings): void {
  for (const { key, field } of entries) {
    const at = `${field}.key`
    if (key === '') continue
    if (!/^[a-zA-Z0-9_-]+$/.test(key)) {
      findings.error(`${kind}-key-form`, at, `"${key}": a key has letters, digits, hyphens and underscores.`)
    } else if (key.length > MAX_KEY_LENGTH) {
      findings.error(
        `${kind}-key-length`,
        at,
        `"${key}" has ${key.length} characters; at most ${MAX_KEY_LENGTH} are allowed.`
      )
    }
  }
}

function checkBaseUrl({ value, field }: Entry, findings: Findings): void {
  const at = `${field}.baseUrl`
  const { baseUrl } = value
  if (value.configurable !== undefined && baseUrl === undefined) return
  const addresses = isObject(baseUrl) ? Object.values(baseUrl) : [baseUrl]
  if (isObject(baseUrl)) {
    if (baseUrl.default === undefined)
      findings.error('remote-region-default', at, 'Regions need a "default" beside them.')
    const unknown = Object.keys(baseUrl).filter((region) => !regions.has(region))
    if (unknown.length > 0) findings.error('remote-region-unknown', at, `There is no region ${unknown.join(', ')}.`)
  }
  for (const address of addresses) {
    if (typeof address === 'string' && /\$\{\w+\}/.test(address)) continue
    if (typeof address !== 'string' || !/^https:\/\//i.test(address) || !URL.canParse(address)) {
      findings.error('remote-base-url', at, 'A remote has an address that begins with https://.')
    }
  }
}

function checkOperations(remote: Entry, findings: Findings): void {
  const { value, field } = remote
  const { operations } = value
  const at = `${field}.operations`
  if (operations === undefined) {
    findings.warn('remote-operations-missing', at, 'Without it Forge assumes that data of end users is stored there.')
  } else if (!Array.isArray(operations) || operations.length === 0) {
    findings.error('remote-operations-empty', at, 'It is a list of at least one operation.')
  } else {
    const known: readonly unknown[] = remoteOperations
    const unknown = operations.filter((operation) => !known.includes(operation))
    if (unknown.length > 0)
      findings.error('remote-operation-unknown', at, `There is no operation ${unknown.join(', ')}.`)
    const told = isObject(value.storage) && typeof value.storage.inScopeEUD === 'boolean'
    if (operations.includes('storage') && !told) {
      findings.error(
        'remote-storage-undecided',
        `${field}.storage.inScopeEUD`,
        'With "storage" it has to be said whether data of end users is stored.'
      )
    }
  }
  const wantsTokens = wantsToken(remote, 'appSystemToken') || wantsToken(remote, 'appUserToken')
  if (wantsTokens && !(Array.isArray(operations) && operations.includes('compute'))) {
    findings.warn(
      'remote-auth-unused',
      `${field}.auth`,
      'It is for calls from Forge functions, which need the operation "compute". Modules and triggers take "auth" of their endpoint.'
    )
  }
}

function regionsOf(baseUrl: unknown): string[] {
  return isObject(baseUrl) ? Object.keys(baseUrl).sort() : []
}
