import { checkValue, type Kind } from './check-value.ts'
import type { ConfigurationProblem } from './configuration-error.ts'

/** Where one option comes from. */
export interface ConfiguredOption {
  /** `group.member`. */
  readonly option: string
  readonly value: unknown
  /** The variable, the key of the file, or `default`. */
  readonly from: string
  /** Never to be shown. */
  readonly secret: boolean
}

/** What was found so far. Sources are asked in order of rank: the first that knows an option has it. */
export interface Draft {
  has(option: string): boolean
  get(option: string): unknown
  /** Does nothing if a source of higher rank has set the option. */
  set(option: string, value: unknown, from: string, secret?: boolean): void
  /** The same after a check; a wrong value becomes a problem. */
  read(option: string, kind: Kind, given: unknown, from: string, secret?: boolean): void
  problem(name: string, expected: string): void
  notice(sentence: string): void
  readonly options: readonly ConfiguredOption[]
  readonly problems: readonly ConfigurationProblem[]
  readonly notices: readonly string[]
}

export function createDraft(): Draft {
  const found = new Map<string, ConfiguredOption>()
  // Options whose value was wrong: a lower source must not quietly stand in for them.
  const broken = new Set<string>()
  const problems: ConfigurationProblem[] = []
  const notices: string[] = []
  const draft: Draft = {
    has: (option) => found.has(option) || broken.has(option),
    get: (option) => found.get(option)?.value,
    set(option, value, from, secret = false) {
      if (!draft.has(option)) found.set(option, { option, value, from, secret })
    },
    read(option, kind, given, from, secret) {
      if (draft.has(option)) return
      const checked = checkValue(kind, given)
      if ('value' in checked) {
        draft.set(option, checked.value, from, secret)
        return
      }
      broken.add(option)
      draft.problem(from, checked.expected)
    },
    problem: (name, expected) => void problems.push({ name, expected }),
    notice: (sentence) => void notices.push(sentence),
    get options() {
      return [...found.values()]
    },
    problems,
    notices
  }
  return draft
}

/** The options as an object, members of groups in their groups. */
export function toOptions(options: readonly ConfiguredOption[]): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const { option, value } of options) {
    const path = option.split('.')
    const last = path.pop() ?? option
    let group: object = result
    for (const name of path) {
      const inner: unknown = Reflect.get(group, name)
      const next = typeof inner === 'object' && inner !== null ? inner : {}
      Reflect.set(group, name, next)
      group = next
    }
    Reflect.set(group, last, value)
  }
  return result
}
