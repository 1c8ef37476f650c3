import type { Clock, Log } from '../ports.ts'
import { within } from '../within.ts'
import { type ChangedResource, DecisionCache, questionKey } from './decision-cache.ts'
import type { PermissionSource, Question, Subject } from './question.ts'

export interface DecisionsOptions {
  readonly sourceFor: (subject: Subject) => PermissionSource
  readonly clock: Clock
  readonly log: Log
  /** How long an answer is used again; 0 asks the host for each request that does not come at the same time. */
  readonly cacheMs: number
  readonly maxCached: number
  /** How long one lookup may take, with all its calls. */
  readonly timeoutMs: number
}

/** What the host says, asked as seldom as possible: answers are shared while they are on their way and for a moment after. */
export interface Decisions {
  /** Whether each question is granted, in their order. Rejects with LookupFailure if one of them has no clear answer. */
  decide(subject: Subject, questions: readonly Question[]): Promise<readonly boolean[]>
  /** The permissions for one resource of this tenant may be others now, or all of them. */
  forget(tenantId: string, changed?: ChangedResource): void
}

/** A lookup without a clear answer. The cause is told by the log line that the lookup wrote. */
export class LookupFailure extends Error {
  override readonly name = 'LookupFailure'
}

/** Lookups that one request has under way at the same time. */
const MAX_PARALLEL = 8

export function createDecisions(options: DecisionsOptions): Decisions {
  const { sourceFor, clock, log, timeoutMs } = options
  const cache = new DecisionCache({ clock, freshMs: options.cacheMs, limit: options.maxCached })
  const flights = new Map<string, { readonly tenantId: string; readonly answer: Promise<boolean> }>()

  /** What is known or on its way. */
  function find(subject: Subject, question: Question): boolean | Promise<boolean> | undefined {
    return cache.get(subject, question) ?? flights.get(questionKey(subject, question))?.answer
  }

  /** One lookup. While it is under way, whoever asks one of its questions waits for it. */
  function lookUp(subject: Subject, source: PermissionSource, questions: readonly Question[]): Promise<boolean>[] {
    const askedAtMs = clock()
    const { tenantId } = subject.tenant
    const lookup = ask(subject, source, questions)
    return questions.map((question, index) => {
      const key = questionKey(subject, question)
      const answer = lookup
        .then((granted) => {
          // A flight that was taken off the list may bring an answer from before the change that took it off.
          if (flights.get(key) === flight) cache.set(subject, question, granted[index] === true, askedAtMs)
          return granted[index] === true
        })
        .finally(() => {
          if (flights.get(key) === flight) flights.delete(key)
        })
      const flight = { tenantId, answer }
      flights.set(key, flight)
      return answer
    })
  }

  /** The answers to a group of questions that one lookup can answer. Only what is still new is asked. */
  async function settle(
    subject: Subject,
    source: PermissionSource,
    group: readonly Question[]
  ): Promise<readonly boolean[]> {
    const found = group.map((question) => find(subject, question))
    const missing = group.filter((_, index) => found[index] === undefined)
    const asked = missing.length > 0 ? lookUp(subject, source, missing) : []
    return Promise.all(found.map((answer) => answer ?? asked.shift() ?? false))
  }

  async function ask(
    subject: Subject,
    source: PermissionSource,
    questions: readonly Question[]
  ): Promise<readonly boolean[]> {
    const ending = new AbortController()
    try {
      const lookup = source.ask(subject, questions, ending.signal)
      return await within(lookup, timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`))
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { resource, id, permission } = questions[0] ?? {}
      const { tenantId } = subject.tenant
      log.warn({ tenantId, resource, id, permission, questions: questions.length, reason }, 'permission lookup failed')
      throw new LookupFailure(reason)
    } finally {
      ending.abort()
    }
  }

  return {
    async decide(subject, questions) {
      const answers = new Map<string, boolean | Promise<boolean>>()
      const missing = new Map<string, Question>()
      const keys = questions.map((question) => questionKey(subject, question))
      for (const [index, question] of questions.entries()) {
        const key = keys[index] ?? ''
        const found = find(subject, question)
        if (found === undefined) missing.set(key, question)
        else answers.set(key, found)
      }
      if (missing.size > 0) {
        const source = sourceFor(subject)
        const groups = [...source.split([...missing.values()])]
        const workers = Array.from({ length: Math.min(MAX_PARALLEL, groups.length) }, async () => {
          for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
            const granted = await settle(subject, source, group)
            for (const [index, question] of group.entries()) {
              answers.set(questionKey(subject, question), granted[index] === true)
            }
          }
        })
        await Promise.all([...workers, ...answers.values()])
      }
      return Promise.all(keys.map(async (key) => (await answers.get(key)) === true))
    },
    forget(tenantId, changed) {
      cache.forget(tenantId, changed)
      for (const [key, flight] of flights) if (flight.tenantId === tenantId) flights.delete(key)
    }
  }
}
