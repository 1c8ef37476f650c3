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
  /** How long one lookup may take with all its calls, and one request with all its lookups. */
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

/** One lookup under way, which several requests may wait for. */
interface Lookup {
  readonly ending: AbortController
  waiting: number
}

/** One question under way. */
interface Flight {
  readonly tenantId: string
  readonly lookup: Lookup
  readonly answer: Promise<boolean>
}

/** One request that asks. */
interface Asking {
  readonly subject: Subject
  readonly source: PermissionSource
  /** Those it waits for. */
  readonly lookups: Set<Lookup>
  isOver: boolean
}

type Answers = Map<string, boolean | Promise<boolean>>

function join(lookups: Set<Lookup>, lookup: Lookup): void {
  if (lookups.has(lookup)) return
  lookups.add(lookup)
  lookup.waiting += 1
}

/** A lookup that nobody waits for any more is told to stop. */
function leave(lookup: Lookup): void {
  lookup.waiting -= 1
  if (lookup.waiting === 0) lookup.ending.abort()
}

export function createDecisions(options: DecisionsOptions): Decisions {
  const { sourceFor, clock, log, timeoutMs } = options
  const cache = new DecisionCache({ clock, freshMs: options.cacheMs, limit: options.maxCached })
  const flights = new Map<string, Flight>()

  /** What is known or on its way. Whoever takes a promise waits for its lookup. */
  function find({ subject, lookups }: Asking, question: Question): boolean | Promise<boolean> | undefined {
    const granted = cache.get(subject, question)
    if (granted !== undefined) return granted
    const flight = flights.get(questionKey(subject, question))
    if (flight === undefined || flight.lookup.ending.signal.aborted) return undefined
    join(lookups, flight.lookup)
    return flight.answer
  }

  /** One lookup. While it is under way, whoever asks one of its questions waits for it. */
  function lookUp({ subject, source, lookups }: Asking, questions: readonly Question[]): Promise<boolean>[] {
    const askedAtMs = clock()
    const { tenantId } = subject.tenant
    const lookup: Lookup = { ending: new AbortController(), waiting: 0 }
    join(lookups, lookup)
    const answers = ask(subject, source, questions, lookup.ending)
    return questions.map((question, index) => {
      const key = questionKey(subject, question)
      const answer = answers
        .then((granted) => {
          // A flight that was taken off the list may bring an answer from before the change that took it off.
          if (flights.get(key) === flight) cache.set(subject, question, granted[index] === true, askedAtMs)
          return granted[index] === true
        })
        .finally(() => {
          if (flights.get(key) === flight) flights.delete(key)
        })
      const flight = { tenantId, lookup, answer }
      flights.set(key, flight)
      return answer
    })
  }

  /** The answers to a group of questions that one lookup can answer. Only what is still new is asked. */
  async function settle(asking: Asking, group: readonly Question[]): Promise<readonly boolean[]> {
    const found = group.map((question) => find(asking, question))
    const missing = group.filter((_, index) => found[index] === undefined)
    const asked = missing.length > 0 ? lookUp(asking, missing) : []
    return Promise.all(found.map((answer) => answer ?? asked.shift() ?? false))
  }

  /** Answers all groups, a few at a time, until somebody says that it is over. */
  async function settleAll(asking: Asking, questions: readonly Question[], into: Answers): Promise<void> {
    const groups = [...asking.source.split(questions)]
    const workers = Array.from({ length: Math.min(MAX_PARALLEL, groups.length) }, async () => {
      for (let group = groups.shift(); group !== undefined && !asking.isOver; group = groups.shift()) {
        const granted = await settle(asking, group)
        for (const [index, question] of group.entries()) {
          into.set(questionKey(asking.subject, question), granted[index] === true)
        }
      }
    })
    await Promise.all([...workers, ...into.values()])
  }

  async function ask(
    subject: Subject,
    source: PermissionSource,
    questions: readonly Question[],
    ending: AbortController
  ): Promise<readonly boolean[]> {
    try {
      const lookup = source.ask(subject, questions, ending.signal)
      return await within(lookup, timeoutMs, tooSlow)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      // What was stopped has nobody left who waits for it, and is no failure of the host.
      if (ending.signal.aborted) throw new LookupFailure(reason)
      ending.abort()
      throw failed(subject, questions, reason)
    }
  }

  function tooSlow(): Error {
    return new Error(`no answer within ${timeoutMs} ms`)
  }

  function failed({ tenant }: Subject, questions: readonly Question[], reason: string): LookupFailure {
    const { resource, id, permission } = questions[0] ?? {}
    const { tenantId } = tenant
    log.warn({ tenantId, resource, id, permission, questions: questions.length, reason }, 'permission lookup failed')
    return new LookupFailure(reason)
  }

  return {
    async decide(subject, questions) {
      const asking: Asking = { subject, source: sourceFor(subject), lookups: new Set(), isOver: false }
      const answers: Answers = new Map()
      const missing = new Map<string, Question>()
      const keys = questions.map((question) => questionKey(subject, question))
      for (const [index, question] of questions.entries()) {
        const key = keys[index] ?? ''
        const found = answers.get(key) ?? find(asking, question)
        if (found === undefined) missing.set(key, question)
        else answers.set(key, found)
      }
      const isKnown = missing.size === 0 && asking.lookups.size === 0
      if (!isKnown) {
        try {
          const work = settleAll(asking, [...missing.values()], answers)
          await within(work, timeoutMs, () => failed(subject, questions, tooSlow().message))
        } finally {
          asking.isOver = true
          for (const lookup of asking.lookups) leave(lookup)
        }
      }
      return Promise.all(keys.map(async (key) => (await answers.get(key)) === true))
    },
    forget(tenantId, changed) {
      cache.forget(tenantId, changed)
      for (const [key, flight] of flights) if (flight.tenantId === tenantId) flights.delete(key)
    }
  }
}
