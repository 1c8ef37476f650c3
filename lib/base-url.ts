import { withoutTrailingSlash } from './allowed-hosts.ts'
import { OptionError } from './errors.ts'

/** A public address of the app without a trailing slash, as it is written. Throws OptionError, naming the option. */
export function parseBaseUrl(value: unknown, option: string): string {
  const needed = 'it must be the public http(s) address of the app, without query, fragment or credentials'
  if (typeof value !== 'string' || !URL.canParse(value)) throw new OptionError(option, value, needed)
  const url = new URL(value)
  const plain = (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
  if (!plain || url.search !== '' || url.hash !== '' || value.includes('?') || value.includes('#')) {
    throw new OptionError(option, value, needed)
  }
  const normal = withoutTrailingSlash(`${url.origin}${url.pathname}`)
  // Hosts repeat the address as it is written, capitals included.
  const written = withoutTrailingSlash(value)
  return written.toLowerCase() === normal.toLowerCase() ? written : normal
}
