import type { RawModule } from '../descriptor/module-list.ts'

interface Move {
  readonly code: string
  readonly message: string
}

/** What becomes of a kind of Connect module that leaves Connect (forge.md 5.3, 6.7). */
const moves: Readonly<Record<string, Move>> = {
  dynamicContentMacros: {
    code: 'macro-same-key',
    message:
      'Move it to a Forge "macro" with the same key and remove it here in the same version: the key is how pages find their macros. Visitors without a license see it only with "unlicensedAccess".'
  },
  staticContentMacros: {
    code: 'macro-static',
    message:
      'Forge renders no storage format from a server: it becomes a "macro" with the same key whose front end draws it. Static rendering exists as an early access program only.'
  },
  jiraIssueFields: {
    code: 'field-same-data',
    message:
      'Move it to "jira:customField" with migratedFromConnect and connectFieldProperty, so that values stay; each type of field moves on its own.'
  },
  webhooks: {
    code: 'webhook-to-trigger',
    message:
      'Move it to a "trigger" with an avi: event: other payloads, up to three minutes later, an answer within five seconds, an invocation token in place of a JWT.'
  },
  blueprints: { code: 'module-without-equivalent', message: 'Forge has no module that takes its place.' },
  confluenceThemes: { code: 'module-without-equivalent', message: 'Forge has no module that takes its place.' },
  jiraReports: { code: 'module-without-equivalent', message: 'Forge has no module that takes its place.' },
  webItems: {
    code: 'module-without-equivalent',
    message: 'Forge has no links of this kind: look for an action or a page for each location.'
  },
  jiraGlobalPermissions: {
    code: 'permission-moved',
    message:
      'It became a Forge module with migratedFromConnect, so that grants stay. Compare its texts: translations were dropped.'
  },
  jiraProjectPermissions: {
    code: 'permission-moved',
    message:
      'It became a Forge module with migratedFromConnect, so that grants stay. Compare its texts: translations were dropped.'
  }
}

/** One note for each kind of module that changes when it moves, at its first module, and one for all others. */
export function* moveNotes(modules: readonly RawModule[]): Iterable<Move & { readonly field: string }> {
  const kinds = new Map(modules.map(({ type, field }) => [type, field.replace(/\[\d+\]$/, '')]))
  const staying: string[] = []
  for (const [type, field] of kinds) {
    const move = Object.hasOwn(moves, type) ? moves[type] : undefined
    if (move === undefined) staying.push(type)
    else yield { ...move, field }
  }
  if (staying.length > 0) {
    yield {
      code: 'modules-stay',
      field: 'connectModules',
      message: `${staying.join(', ')}: they stay Connect modules and work as before. On Forge Atlassian serves the front end (Custom UI), and it calls this backend.`
    }
  }
}
