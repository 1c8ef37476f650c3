import { type ForgeView, isForgeTarget } from '../host/host-target.ts'
import type { ConnectTenant } from '../tenant/tenant.ts'

/** What a permission is asked of. `global` is Jira's site as a whole, `application` Confluence's. */
export type Resource = 'global' | 'project' | 'issue' | 'application' | 'space' | 'content'

/** Resources that have an id. */
export type IdentifiedResource = Exclude<Resource, 'global' | 'application'>

/** One permission for one resource: the smallest thing that the host can say yes to. */
export interface Question {
  readonly resource: Resource
  /** Decimal id; empty for a whole site. */
  readonly id: string
  readonly permission: string
}

/** A tenant through one of its registrations or installations. */
export type AskedTenant = ConnectTenant | ForgeView

/** Whether a request of Forge asks. */
export function isForgeView(tenant: AskedTenant): tenant is ForgeView {
  return isForgeTarget(tenant)
}

/** Whose permissions are asked for. */
export interface Subject {
  readonly tenant: AskedTenant
  /** Atlassian account id; `null` asks for what everybody may do. */
  readonly accountId: string | null
}

/** One product's way of answering. */
export interface PermissionSource {
  /** Divides the questions into lookups, each of which succeeds or fails as a whole. */
  split(questions: readonly Question[]): readonly (readonly Question[])[]
  /** One lookup: whether each question is granted, in their order. Rejects when the host did not say so clearly. */
  ask(subject: Subject, questions: readonly Question[], signal: AbortSignal): Promise<readonly boolean[]>
}

/** The host's answer to a lookup is not what it has to be. `message` says what is odd, for our log. */
export class OddAnswer extends Error {
  override readonly name = 'OddAnswer'
}
