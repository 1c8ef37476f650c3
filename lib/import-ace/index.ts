/** Moves the tenants of an app that ran on ACE: at once by a copy, or one by one while both backends serve. */
export type { AceForgeSetting, AceLeftovers, AceOddRow, AceSetting, AceSource } from '../store/ace/ace-source.ts'
export { type AceSourceOptions, openAceSource } from '../store/ace/open-ace-source.ts'
export type { AceOwnSetting } from './app-settings.ts'
export type { AceRefusal } from './client-info.ts'
export {
  type AceImportCounts,
  type AceImportOptions,
  type AceImportResult,
  type AceProblem,
  importAce
} from './import-ace.ts'
export type { AceNote } from './plan-tenant.ts'
export {
  type AceReadThroughOptions,
  type AceReadThroughStore,
  createAceReadThroughStore
} from './read-through-store.ts'
