import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { AppCaller } from './app-caller.ts'
import { appUrl } from './app-url.ts'
import type { WebhookModule } from './descriptor-reader.ts'
import { type PageContext, urlVariables } from './page-context.ts'
import type { Signing } from './signing.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import { signToken } from './token-factory.ts'
import type { Exchange, WebhookOptions } from './types.ts'
import { fillTemplate } from './url-template.ts'

const JIRA_ATTEMPTS = 6
const RETRIED = new Set([0, 408, 409, 425, 429])

/** Delivers one event to one webhook, with Jira's repeats. Confluence tries once and sends no identifier. */
export type WebhookDelivery = (
  site: Site,
  webhook: WebhookModule,
  payload: unknown,
  about: PageContext,
  options: WebhookOptions
) => Promise<Exchange>

export function createWebhookDelivery(
  signing: Signing,
  clock: () => number,
  call: AppCaller,
  retryDelayMs: number,
  /** Aborted when the simulator closes: a try under way ends, and none follows. */
  closing: AbortSignal
): WebhookDelivery {
  return async (site, webhook, payload, about, options) => {
    const app = needApp(site)
    const isJira = site.product === 'jira'
    const attempts = isJira ? (options.attempts ?? JIRA_ATTEMPTS) : 1
    const identifier = options.identifier ?? randomUUID()
    const url = appUrl(app, fillTemplate(webhook.url, urlVariables(about, options)))
    const body = webhook.excludeBody ? null : typeof payload === 'string' ? payload : JSON.stringify(payload)
    for (let attempt = 1; ; attempt += 1) {
      const token = app.descriptor.signed
        ? signToken(signing, clock(), site, 'webhook', { method: 'POST', signed: url.signed }, { user: options.user })
        : null
      const exchange = await call(site, {
        kind: 'webhook',
        method: 'POST',
        url,
        headers: {
          'user-agent': 'Atlassian Webhook HTTP Client',
          ...(body === null ? {} : { 'content-type': 'application/json' }),
          ...(token === null ? {} : { authorization: `JWT ${token}` }),
          ...(isJira ? jiraHeaders(identifier, attempt) : {})
        },
        body,
        token,
        tokenKind: token === null ? null : 'webhook'
      })
      if (attempt >= attempts || closing.aborted || !(RETRIED.has(exchange.status) || exchange.status >= 500))
        return exchange
      if (retryDelayMs === 0) continue
      try {
        await pause(retryDelayMs, undefined, { signal: closing })
      } catch {
        return exchange
      }
    }
  }
}

function jiraHeaders(identifier: string, attempt: number): Record<string, string> {
  return {
    'x-atlassian-webhook-identifier': identifier,
    'x-atlassian-webhook-flow': 'Primary',
    ...(attempt === 1 ? {} : { 'x-atlassian-webhook-retry': String(attempt - 1) })
  }
}
