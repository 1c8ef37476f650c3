import type { Descriptor, DescriptorDraft, DescriptorSource, DescriptorTransform } from './descriptor.ts'
import { descriptorError } from './descriptor-error.ts'
import { copyJson, deepFreeze, isObject, type JsonObject } from './json-value.ts'
import { readSource, requireObject } from './read-source.ts'

export interface LoadDescriptorOptions {
  /** What `{{localBaseUrl}}` stands for; also the `baseUrl` of a descriptor that has none. A trailing slash is dropped. */
  readonly baseUrl: string
  /** What `{{environment}}` stands for. */
  readonly environment?: string | undefined
  /** What `{{appKey}}` stands for; also the `key` of a descriptor that has none. */
  readonly appKey?: string | undefined
  readonly transform?: DescriptorTransform | undefined
  /** Bitbucket knows no `apiMigrations`, which are then left out. */
  readonly product?: 'bitbucket' | undefined
}

/** All three are what Jira and Confluence demand or assume today; an app that says nothing gets them. */
const apiMigrations = { 'signed-install': true, 'context-qsh': true, gdpr: true }

/**
 * Reads the descriptor, fills its placeholders in every string value, fills what it leaves out (`baseUrl`, `key`,
 * and for authentication `jwt` the members of `apiMigrations`), lets the transformer have the last word and returns
 * a deep-frozen copy. The source is never changed. A placeholder whose value is not known stays, and
 * `checkDescriptor` reports it. Throws AtlassianError ATL_DESCRIPTOR.
 */
export async function loadDescriptor(source: DescriptorSource, options: LoadDescriptorOptions): Promise<Descriptor> {
  const values = new Map([['localBaseUrl', options.baseUrl.replace(/\/+$/, '')]])
  if (options.environment !== undefined) values.set('environment', options.environment)
  if (options.appKey !== undefined) values.set('appKey', options.appKey)

  const draft = copyObject(await readSource(source), (text) => fillPlaceholders(text, values))
  fillDefaults(draft, values, options.product)
  const finished = options.transform === undefined ? draft : await runTransform(options.transform, draft)
  deepFreeze(finished)
  return finished as Descriptor
}

/** One pass: what a placeholder stands for is never searched for placeholders again. */
function fillPlaceholders(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{(localBaseUrl|environment|appKey)\}\}/g, (whole, name: string) => values.get(name) ?? whole)
}

function fillDefaults(draft: JsonObject, values: ReadonlyMap<string, string>, product: 'bitbucket' | undefined): void {
  if (draft.baseUrl === undefined) draft.baseUrl = values.get('localBaseUrl')
  if (draft.key === undefined && values.has('appKey')) draft.key = values.get('appKey')
  if (product === 'bitbucket') {
    delete draft.apiMigrations
    return
  }
  if (!usesJwt(draft)) return
  if (draft.apiMigrations === undefined) draft.apiMigrations = { ...apiMigrations }
  else if (isObject(draft.apiMigrations)) draft.apiMigrations = { ...apiMigrations, ...draft.apiMigrations }
}

function usesJwt(draft: JsonObject): boolean {
  if (!isObject(draft.authentication)) return false
  const { type = 'jwt' } = draft.authentication
  return typeof type === 'string' && type.toLowerCase() === 'jwt'
}

async function runTransform(transform: DescriptorTransform, draft: JsonObject): Promise<JsonObject> {
  let result: unknown
  try {
    result = await transform(draft as DescriptorDraft)
  } catch (cause) {
    throw descriptorError(
      'transform-failed',
      'The transformer of the descriptor failed; its error is the cause of this one.',
      cause
    )
  }
  return copyObject(requireObject(result, 'What the transformer returned'), (text) => text)
}

function copyObject(value: JsonObject, text: (value: string) => string): JsonObject {
  return requireObject(copyJson(value, text), 'The descriptor')
}
