import type { ManifestFinding } from '../manifest/manifest.ts'

const titles: readonly (readonly [severity: ManifestFinding['severity'], title: string])[] = [
  ['error', 'Wrong:'],
  ['warning', 'Probably not meant:'],
  ['todo', 'To do or decide by hand:']
]

/** Findings as a person reads them, the worst first. */
export function manifestReport(findings: readonly ManifestFinding[]): string {
  if (findings.length === 0) return 'Nothing was found.\n'
  const sections = titles.flatMap(([severity, title]) => {
    const found = findings.filter((finding) => finding.severity === severity)
    return found.length === 0 ? [] : [title, ...found.flatMap(lines), '']
  })
  return `${sections.join('\n')}`
}

function lines({ code, field, message }: ManifestFinding): string[] {
  return [`  ${field === '' ? 'the file' : field} [${code}]`, `    ${message}`]
}
