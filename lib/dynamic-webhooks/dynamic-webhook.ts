import { HostError } from '../host/host-error.ts'

/** The events for which Jira takes dynamic webhooks. */
export const dynamicWebhookEvents = Object.freeze([
  'jira:issue_created',
  'jira:issue_updated',
  'jira:issue_deleted',
  'comment_created',
  'comment_updated',
  'comment_deleted',
  'issue_property_set',
  'issue_property_deleted'
] as const)

/** The name of such an event. */
export type DynamicWebhookEvent = (typeof dynamicWebhookEvents)[number]

/** A webhook for `register`. */
export interface NewDynamicWebhook {
  readonly events: readonly DynamicWebhookEvent[]
  /**
   * Of which issues it is told. Jira takes `=`, `!=`, `IN` and `NOT IN` on few fields, among them `project`,
   * `issueKey`, `issuetype`, `status`, `assignee` and `reporter`.
   */
  readonly jqlFilter: string
  /** `jira:issue_updated` only when one of these fields changed. Default: any. */
  readonly fieldIdsFilter?: readonly string[]
  /** `issue_property_…` only for these properties. Default: any. */
  readonly issuePropertyKeysFilter?: readonly string[]
}

/** A webhook that is registered. */
export interface DynamicWebhook {
  readonly id: number
  readonly events: readonly string[]
  readonly jqlFilter: string
  readonly fieldIdsFilter: readonly string[]
  readonly issuePropertyKeysFilter: readonly string[]
  /** When the host forgets it, in milliseconds since 1970; `null` if it does not say. */
  readonly expiresAtMs: number | null
}

/** What became of one webhook of `register`: it has an id, or the host says why not. */
export type RegisteredDynamicWebhook =
  | { readonly id: number; readonly errors: readonly [] }
  | { readonly id: null; readonly errors: readonly string[] }

/** The answer to a registration, in the order of the question. Throws `ATL_HOST_BODY` for one that does not fit it. */
export function parseRegistered(body: unknown, count: number): RegisteredDynamicWebhook[] {
  const results = member(body, 'webhookRegistrationResult')
  if (!Array.isArray(results) || results.length !== count) throw unreadable('POST')
  return results.map((result: unknown) => {
    const id = member(result, 'createdWebhookId')
    if (typeof id === 'number') return { id, errors: [] as const }
    const errors = texts(member(result, 'errors'))
    return { id: null, errors: errors.length === 0 ? ['The host gives no reason.'] : errors }
  })
}

/** One of a list. Throws `ATL_HOST_BODY` for one without an id. */
export function parseDynamicWebhook(value: unknown): DynamicWebhook {
  const id = Number(member(value, 'id') ?? Number.NaN)
  if (!Number.isSafeInteger(id)) throw unreadable('GET')
  const jqlFilter = member(value, 'jqlFilter')
  return {
    id,
    events: texts(member(value, 'events')),
    jqlFilter: typeof jqlFilter === 'string' ? jqlFilter : '',
    fieldIdsFilter: texts(member(value, 'fieldIdsFilter')),
    issuePropertyKeysFilter: texts(member(value, 'issuePropertyKeysFilter')),
    expiresAtMs: parseDate(member(value, 'expirationDate'))
  }
}

/** The answer to a refresh. Throws `ATL_HOST_BODY` for one without a date. */
export function parseRefreshed(body: unknown): number {
  const expiresAtMs = parseDate(member(body, 'expirationDate'))
  if (expiresAtMs === null) throw unreadable('PUT')
  return expiresAtMs
}

/** Jira writes `+0000` where the standard has `+00:00`. */
function parseDate(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const atMs = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(atMs) ? null : atMs
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** The address of all of these calls. */
export const WEBHOOK_PATH = '/rest/api/3/webhook'

function unreadable(method: string): HostError {
  return new HostError('ATL_HOST_BODY', {
    method,
    path: WEBHOOK_PATH,
    status: 0,
    retryAfterSeconds: null,
    messages: []
  })
}
