import type { AceImportResult, AceProblem } from '../import-ace/import-ace.ts'
import type { AceNote } from '../import-ace/plan-tenant.ts'

/** What a person reads after an import. */
export function importReport(result: AceImportResult): string {
  const would = result.dryRun
  const counts: [string, number][] = [
    ['tenants in ACE', result.tenants],
    [would ? 'would be created' : 'created', result.created],
    [would ? 'would be updated' : 'updated', result.updated],
    ['unchanged since the last import', result.unchanged],
    ['kept: installed or ended here since', result.kept],
    ['refused', result.refused],
    ['accept a token of ACE’s secret', result.verified],
    ['duplicate rows', result.duplicateRows],
    ['user tokens left behind', result.userTokens],
    ['settings of the app', result.settings],
    ['settings copied', result.settingsTaken]
  ]
  const width = Math.max(...counts.map(([name]) => name.length))
  return [
    would ? 'Dry run: nothing was written.' : 'Import of ACE:',
    ...counts.map(([name, count]) => `  ${name.padEnd(width)}  ${count}`),
    ...section('Refused:', result.problems.map(problemLine)),
    ...section(
      'Taken, and worth a look:',
      result.notes.map((note) => `${note.clientKey}: ${NOTES[note.reason]} (${note.detail})`)
    ),
    ...(result.complete ? [] : ['', 'Stopped before the end: run it again.']),
    ''
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}

function problemLine({ clientKey, reason, detail }: AceProblem): string {
  const sentence = PROBLEMS[reason] ?? reason
  return `${clientKey ?? detail}: ${sentence}${clientKey === null || detail === '' ? '' : ` (${detail})`}`
}

const PROBLEMS: Readonly<Record<string, string>> = {
  'not-an-object': 'the value of clientInfo is not a JSON object',
  'other-client-key': 'the value of clientInfo speaks of another clientKey than its row',
  'not-installed': 'the last event that ACE saved is not an install',
  'other-app': 'it belongs to an app with another key',
  member: 'a member is missing or cannot be used',
  'host-not-allowed': 'the site is not among the allowed hosts',
  'cannot-be-stored': 'a value cannot be kept by every database',
  'not-verified': 'the stored tenant did not accept a token of ACE’s secret',
  'setting-of-nobody': 'a setting of a tenant that was not imported',
  'setting-too-large': 'a setting that is too large, or has no usable key',
  'no-client-key-or-key': 'the row has no clientKey or no key',
  'not-a-json-object': 'the line is not a JSON object',
  'no-known-row': 'the line is none of the known kinds of row'
}

const NOTES: Readonly<Record<AceNote['reason'], string>> = {
  'two-secrets': 'its rows hold different secrets: both verify for a while, the one that was written last stays',
  'shared-installation': 'a Forge installation id was left out, because another tenant has it too'
}
