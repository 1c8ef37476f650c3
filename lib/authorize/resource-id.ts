import type { ProductContext } from '../jwt/claims.ts'
import type { IdentifiedResource } from './question.ts'

/**
 * The one spelling of an id: a positive decimal number without leading zeros. Keys and everything else are `null`.
 * Tokens write ids as strings, the REST API as numbers.
 */
export function toResourceId(value: unknown): string | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const text = String(value)
  // The REST API of Jira takes numbers, so an id that JSON would round names another resource.
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)) ? text : null
}

/** What a verified token says about where the user is, unchecked; `undefined` where it says nothing. */
export function idsOfContext(context: ProductContext): Readonly<Record<IdentifiedResource, unknown>> {
  return {
    project: idAt(context, 'jira', 'project'),
    issue: idAt(context, 'jira', 'issue'),
    space: idAt(context, 'confluence', 'space'),
    content: idAt(context, 'confluence', 'content')
  }
}

/** What the `context.extension` of a Forge token says, in the places where a token of Connect says it. */
export function contextOfExtension(extension: Readonly<Record<string, unknown>>): ProductContext {
  const { issue, project, space, content } = extension
  return { jira: { issue, project }, confluence: { space, content } } as ProductContext
}

function idAt(context: unknown, ...names: string[]): unknown {
  let value = context
  for (const name of [...names, 'id']) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value === null || value === '' ? undefined : value
}
