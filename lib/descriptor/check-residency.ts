import { relativeUrlFault } from './check-url.ts'
import type { Descriptor } from './descriptor.ts'
import { fieldOf, isObject } from './json-value.ts'
import { RESIDENCY } from './lifecycle-paths.ts'
import type { Fault, ProblemList } from './problem-list.ts'

/** Regions of data residency (connect.md 7.8). */
const knownRegions = new Set('US EU AU DE SG CA IN KR JP GB CH'.split(' '))

/** Addresses of regions, the hooks of moves to another one, and how long a move may take. */
export function checkResidency(descriptor: Descriptor, problems: ProblemList): void {
  checkRegions(descriptor.regionBaseUrls, problems)
  const hooks = isObject(descriptor.lifecycle) ? descriptor.lifecycle[RESIDENCY] : undefined
  if (hooks !== undefined && hooks !== null) problems.judge(fieldOf('lifecycle', RESIDENCY), relativeUrlFault(hooks))
  problems.judge('dataResidency.maxMigrationDurationHours', durationFault(descriptor.dataResidency))
}

function checkRegions(regions: unknown, problems: ProblemList): void {
  if (regions === undefined || regions === null) return
  if (!isObject(regions)) {
    problems.error('regionBaseUrls', 'region-urls-type', 'has to be an object of regions and addresses')
    return
  }
  for (const [region, url] of Object.entries(regions)) {
    const field = fieldOf('regionBaseUrls', region)
    problems.judge(field, addressFault(url))
    if (!knownRegions.has(region))
      problems.warn(field, 'region-unknown', 'is no region of data residency that is known')
  }
}

function addressFault(url: unknown): Fault | null {
  const isAddress = typeof url === 'string' && /^https?:\/\/[^/\s\\]/i.test(url) && URL.canParse(url)
  if (!isAddress) return ['region-url-form', 'has to be an absolute https URL']
  if (url.length > 200) return ['region-url-length', `has ${url.length} characters; at most 200 are allowed`]
  const { username, password, protocol, hostname } = new URL(url)
  if (username !== '' || password !== '' || /[?#{}]/.test(url)) {
    return ['region-url-form', 'must not hold a user name, a password, a query, a fragment or variables']
  }
  const isLocal = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || isLocal) return null
  return ['region-url-insecure', 'has to use https; http is for a loopback address only']
}

function durationFault(residency: unknown): Fault | null {
  if (!isObject(residency) || residency.maxMigrationDurationHours === undefined) return null
  const hours = residency.maxMigrationDurationHours
  if (typeof hours === 'number' && hours >= 0.5 && hours <= 24 && Number.isInteger(hours * 2)) return null
  return ['migration-duration', 'has to be a number from 0.5 to 24 in steps of 0.5']
}
