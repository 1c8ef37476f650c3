import { AuthenticationError } from '../errors.ts'
import type { SignedRequest } from '../ports.ts'
import type { Parameter } from './signed-url.ts'

const FORM = 'application/x-www-form-urlencoded'

/** Whether the body may hold the token of a page, or stand in for its query (connect.md 4.1, rule 15). */
export function isFormRequest({ contentType, method }: SignedRequest): boolean {
  return contentType === FORM && (method === 'POST' || method === 'PUT')
}

/** The form as the hash sees it: every field but `jwt`, lists as repeated names. Anything else has no hash. */
export function formParameters(form: SignedRequest['form']): readonly Parameter[] {
  const parameters: Parameter[] = []
  for (const [name, value] of Object.entries(form ?? {})) {
    if (name === 'jwt') continue
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item !== 'string') throw new AuthenticationError('form')
      parameters.push([name, item])
    }
  }
  return parameters
}
