import type { ConnectTenantWithSettings } from '../tenant/tenant-settings.ts'

/** A verified webhook, as its handlers get it. */
export interface WebhookEvent<Body = unknown> {
  /** One of the descriptor's events for this path, or `unknown`. */
  readonly event: string
  readonly tenant: ConnectTenantWithSettings
  /** Ours: the same for every try to handle this delivery. */
  readonly deliveryId: string
  /** The host's: the same for every try to deliver it. Confluence sends none. */
  readonly identifier: string | null
  /** How often the host tried before, 0 for the first time. */
  readonly retry: number
  /** `Primary` or `Secondary` (bulk fallout), if the host says so. */
  readonly flow: string | null
  /** The acting user, if the token names one. */
  readonly accountId: string | null
  /** The values of `{variables}` in the path of the webhook's URL. */
  readonly params: Readonly<Record<string, string>>
  /** The values of the query, without the token; a repeated name keeps all its values. */
  readonly query: Readonly<Record<string, string | readonly string[]>>
  /** The parsed JSON body; `undefined` if the webhook excludes it. A hint: read again by REST what matters. */
  readonly body: Body
}

/** The part of a webhook that waits in the inbox. The tenant is read again when it is handled. */
export type StoredWebhook = Omit<WebhookEvent, 'tenant' | 'deliveryId' | 'event' | 'identifier'>

/** Which event a delivery is: what Bitbucket's header or else the body says if the descriptor lists it for this path, else the only one listed. */
export function webhookEventName(body: unknown, listed: readonly string[], header?: string | string[]): string {
  const inBody = typeof body === 'object' && body !== null ? Reflect.get(body, 'webhookEvent') : undefined
  // No hash covers either of them, so they only choose among what the descriptor lists for this path.
  const said = header ?? inBody
  if (typeof said === 'string' && listed.includes(said)) return said
  return listed.length === 1 && listed[0] !== undefined ? listed[0] : 'unknown'
}

export interface DeliveryHeaders {
  readonly identifier: string | null
  readonly retry: number
  readonly flow: string | null
}

/** Jira's delivery headers (connect.md 7.2) or Bitbucket's (10), cut to a size that a database column bears. */
export function deliveryHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  isBitbucket = false
): DeliveryHeaders {
  if (isBitbucket) {
    const attempt = Number(single(headers['x-attempt-number']) ?? 1)
    const retry = Number.isInteger(attempt) && attempt > 1 && attempt < 1000 ? attempt - 1 : 0
    return { identifier: single(headers['x-request-uuid']), retry, flow: null }
  }
  const retry = Number(single(headers['x-atlassian-webhook-retry']) ?? 0)
  return {
    identifier: single(headers['x-atlassian-webhook-identifier']),
    retry: Number.isInteger(retry) && retry > 0 && retry < 1000 ? retry : 0,
    flow: single(headers['x-atlassian-webhook-flow'])
  }
}

function single(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : null
}
