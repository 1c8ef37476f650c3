import { Document } from 'yaml'
import type { Manifest } from './manifest.ts'

/** The manifest as YAML, in the order of its members. `comment` comes first, each of its lines behind a `#`. */
export function manifestToYaml(manifest: Manifest, comment = ''): string {
  const document = new Document(manifest, { aliasDuplicateObjects: false })
  if (comment !== '')
    document.commentBefore = comment
      .split(/[\r\n\u0085\u2028\u2029]+/)
      .map((line) => ` ${line}`)
      .join('\n')
  return document.toString({ lineWidth: 0 })
}
