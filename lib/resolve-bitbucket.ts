import { resolveBitbucket } from './bitbucket/bitbucket-options.ts'
import { OptionError } from './errors.ts'
import type { ConnectOptions, ResolvedOptions } from './options.ts'

/** What decides how installs are proved: nothing but this. */
export function parseBitbucket({
  product,
  bitbucket,
  forge,
  descriptor
}: ConnectOptions): ResolvedOptions['bitbucket'] {
  if (product === undefined) {
    if (bitbucket === undefined) return null
    throw new OptionError('bitbucket', bitbucket, 'it is for apps whose "product" is "bitbucket"')
  }
  if (product !== 'bitbucket') {
    throw new OptionError('product', product, 'it must be "bitbucket"; apps of Jira and Confluence leave it out')
  }
  if (forge !== undefined || descriptor === undefined) {
    throw new OptionError('product', product, 'it needs "descriptor" and does not go together with "forge"')
  }
  return resolveBitbucket(bitbucket)
}
