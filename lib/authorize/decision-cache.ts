import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../ports.ts'
import { isForgeView, type Question, type Resource, type Subject } from './question.ts'

/** A resource of one tenant whose permissions may be others now. */
export interface ChangedResource {
  readonly resource: Resource
  readonly id: string
}

interface Decision extends ChangedResource {
  readonly key: string
  readonly tenantId: string
  readonly granted: boolean
  readonly askedAtMs: number
}

/** Answers of the host, each good for `freshMs` from the moment it was asked for. Holds at most `limit` of them. */
export class DecisionCache {
  readonly #decisions: BoundedMap<string, Decision>
  readonly #clock: Clock
  readonly #freshMs: number

  constructor({ clock, freshMs, limit }: { clock: Clock; freshMs: number; limit: number }) {
    this.#decisions = new BoundedMap(limit)
    this.#clock = clock
    this.#freshMs = freshMs
  }

  get(subject: Subject, question: Question): boolean | undefined {
    if (this.#freshMs === 0) return undefined
    const key = questionKey(subject, question)
    const decision = this.#decisions.get(key)
    if (decision === undefined) return undefined
    const ageMs = this.#clock() - decision.askedAtMs
    // A clock that was set back makes an answer older than it says, never younger.
    if (ageMs >= 0 && ageMs < this.#freshMs) return decision.granted
    this.#decisions.delete(key)
    return undefined
  }

  set(subject: Subject, question: Question, granted: boolean, askedAtMs: number): void {
    if (this.#freshMs === 0) return
    const key = questionKey(subject, question)
    const { resource, id } = question
    this.#decisions.set(key, { key, tenantId: subject.tenant.tenantId, resource, id, granted, askedAtMs })
  }

  /** Forgets what is known about one resource of a tenant, or about all of them. */
  forget(tenantId: string, changed?: ChangedResource): void {
    for (const { key, ...decision } of this.#decisions.values()) {
      if (decision.tenantId !== tenantId) continue
      if (changed === undefined || (decision.resource === changed.resource && decision.id === changed.id)) {
        this.#decisions.delete(key)
      }
    }
  }
}

/**
 * Whatever makes two answers different. The version is the one of the tenant's record: everything that happens in a
 * tenant's life changes it, in every process, and makes older answers unreachable.
 */
function subjectKey({ tenant, accountId }: Subject): readonly unknown[] {
  const { tenantId, clientKey, version } = tenant
  // Each product of an installation numbers its resources for itself.
  return isForgeView(tenant)
    ? [tenantId, tenant.installation, tenant.product, version, accountId]
    : [tenantId, clientKey, version, accountId]
}

/** The same question of the same subject has the same key. */
export function questionKey(subject: Subject, { resource, id, permission }: Question): string {
  return JSON.stringify([...subjectKey(subject), resource, id, permission])
}
