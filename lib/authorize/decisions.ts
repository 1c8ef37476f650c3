import type { Clock, Log } from '../ports.ts'
import { within } from '../within.ts'
import { type ChangedResource, DecisionCache, subjectKey } from './decision-cache.ts'
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
  const flights = new Map<string, { readonly tenantId: string; readonly answers: Promise<readonly boolean[]> }>()

  /** One lookup for all who ask the same at the same time. */
  function lookUp(subject: Subject, source: PermissionSource, questions: readonly Question[]) {
    const key = JSON.stringify([...subjectKey(subject), questions])
    const running = flights.get(key)
    if (running !== undefined) return running.answers
    const askedAtMs = clock()
    const answers = ask(subject, source, questions)
      .then((granted) => {
        // A flight that was taken off the list may bring an answer from before the change that took it off.
        if (flights.get(key) === flight) {
          for (const [index, question] of questions.entries()) {
            cache.set(subject, question, granted[index] === true, askedAtMs)
          }
        }
        return granted
      })
      .finally(() => {
        if (flights.get(key) === flight) flights.delete(key)
      })
    const flight = { tenantId: subject.tenant.tenantId, answers }
    flights.set(key, flight)
    return answers
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
      const known = new Map<Question, boolean>()
      const unknown: Question[] = []
      for (const question of questions) {
        const granted = cache.get(subject, question)
        if (granted === undefined) unknown.push(question)
        else known.set(question, granted)
      }
      if (unknown.length > 0) {
        const source = sourceFor(subject)
        const groups = [...source.split(unknown)]
        const workers = Array.from({ length: Math.min(MAX_PARALLEL, groups.length) }, async () => {
          for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
            const granted = await lookUp(subject, source, group)
            for (const [index, question] of group.entries()) known.set(question, granted[index] === true)
          }
        })
        await Promise.all(workers)
      }
      return questions.map((question) => known.get(question) === true)
    },
    forget(tenantId, changed) {
      cache.forget(tenantId, changed)
      for (const [key, flight] of flights) if (flight.tenantId === tenantId) flights.delete(key)
    }
  }
}
