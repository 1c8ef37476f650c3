import { isInsecureAddress, withoutTrailingSlash } from './allowed-hosts.ts'
import { OptionError } from './errors.ts'

/** An http(s) address without its last slash. Throws OptionError. */
export function parseAddress(value: string, option: string): string {
  const needed = 'it must be an http(s) address without query, fragment or credentials'
  if (!URL.canParse(value)) throw new OptionError(option, value, needed)
  const url = new URL(value)
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!plain || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new OptionError(option, value, needed)
  return withoutTrailingSlash(url.href)
}

/** A path without its last slash; `''` is the root. Throws OptionError. */
export function parsePath(value: unknown, option: string): string {
  if (value === '' || value === '/') return ''
  if (typeof value !== 'string' || !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(value)) {
    throw new OptionError(option, value, 'it must be a path such as "/connect"')
  }
  return value
}

/** Throws OptionError for the first address of these options that production must not have. */
export function refuseInsecure(lists: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, entries] of Object.entries(lists)) {
    for (const [index, entry] of entries.entries()) {
      if (!isInsecureAddress(entry)) continue
      const option = optionName(name, index)
      throw new OptionError(
        option,
        entry,
        'in production it must be https and not on this machine; "unsafeAllowInsecureHostsInProduction: true" allows it all the same'
      )
    }
  }
}

function optionName(list: string, index: number): string {
  if (list === 'baseUrls') return index === 0 ? 'baseUrl' : `allowedBaseUrls[${index - 1}]`
  const isList = list === 'allowedHosts' || list === 'installKeyHosts'
  return isList ? `${list}[${index}]` : list
}
