import type { Descriptor } from './descriptor.ts'
import { eachString } from './json-value.ts'
import type { ProblemList } from './problem-list.ts'

/** `{{ .X }}` and `{{x}}` of text templates and `${x}` of Spring and of shells; `{x}` is a variable of the host. */
const placeholder = /\{\{[^{}]*\}\}|\$\{[^{}]*\}/
/** Fields that the host or our routes act on: with a placeholder in them nothing can work. */
const vital = /^(?:key$|baseUrl$|lifecycle\b|modules\b.*\.(?:key|event|url|templateUrl)$)/

/** Reports placeholders that nobody filled: of another tool, misspelt, or of ours without a value. */
export function checkLeftovers(descriptor: Descriptor, problems: ProblemList): void {
  eachString(descriptor, (text, field) => {
    const found = placeholder.exec(text)?.[0]
    if (found === undefined) return
    const message = `holds the placeholder ${found.slice(0, 60)}, which nothing has filled; known are {{localBaseUrl}}, {{environment}} and {{appKey}}`
    if (vital.test(field)) problems.error(field, 'placeholder-left', message)
    else problems.warn(field, 'placeholder-left', message)
  })
}
