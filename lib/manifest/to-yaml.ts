import type { Manifest, ManifestValue } from './manifest.ts'

/** Text that every version of YAML reads as this text without quotes. */
const PLAIN = /^[A-Za-z_/](?:[A-Za-z0-9_./@-]|:(?=[A-Za-z0-9_.:/@-])| (?=[A-Za-z0-9]))*$/
/** Text that some version of YAML reads as something else. */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null|_+)$/i

/**
 * The manifest as block YAML, in the order of its members. `comment` comes first, each of its lines behind a `#`.
 */
export function manifestToYaml(manifest: Manifest, comment = ''): string {
  const head = comment === '' ? [] : comment.split(/[\r\n\u0085\u2028\u2029]+/).map((line) => `# ${line}`.trimEnd())
  return [...head, ...membersOf(manifest, ''), ''].join('\n')
}

function membersOf(value: { readonly [name: string]: ManifestValue }, indent: string): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const start = `${indent}${scalar(name)}:`
    if (isEmptyOrScalar(member)) return `${start} ${scalar(member)}`
    return [start, ...(isList(member) ? itemsOf(member, `${indent}  `) : membersOf(member, `${indent}  `))]
  })
}

function itemsOf(list: readonly ManifestValue[], indent: string): string[] {
  return list.flatMap((item) => {
    if (isEmptyOrScalar(item)) return `${indent}- ${scalar(item)}`
    const lines = isList(item) ? itemsOf(item, `${indent}  `) : membersOf(item, `${indent}  `)
    // The first line of an item stands beside its dash.
    return [`${indent}- ${lines[0]?.slice(indent.length + 2)}`, ...lines.slice(1)]
  })
}

function isList(value: ManifestValue): value is readonly ManifestValue[] {
  return Array.isArray(value)
}

function isEmptyOrScalar(value: ManifestValue): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0
}

function scalar(value: ManifestValue): string {
  if (typeof value === 'string') return PLAIN.test(value) && !WORD.test(value) ? value : quoted(value)
  if (isList(value)) return '[]'
  return typeof value === 'object' && value !== null ? '{}' : String(value)
}

/** The escapes of JSON are escapes of YAML; what YAML does not take for printable is escaped as well. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
