import { type FastifyAtlassian, OptionError, type WebhookEvent } from '../plugins/index.ts'
import type { AceHttpClient } from './http-client.ts'
import { clientInfo } from './settings.ts'
import type { AceWebhookRequest, Addon } from './types.ts'

/** ACE's own events that nobody would hear here, and what tells the same. */
const elsewhere: Readonly<Record<string, string>> = {
  addon_registered: 'the command "dev" registers the app',
  addon_deregistered: 'the command "dev" registers the app',
  localtunnel_started: 'the command "dev" opens tunnels'
}

type AnyListener = (...values: never[]) => unknown

/** `addon.on`. Throws OptionError for an event that would never come. */
export function createListening(
  { events, descriptor }: FastifyAtlassian,
  clientOf: (clientKey: string) => AceHttpClient
): Addon['on'] {
  return (event: string, listener: AnyListener): (() => void) => {
    const instead = Object.hasOwn(elsewhere, event) ? elsewhere[event] : undefined
    if (instead !== undefined) throw new OptionError('addon.on', event, `nothing would be heard: ${instead}`)
    if (event === 'host_settings_saved') {
      const told = listener as (clientKey: string, data: object | null) => unknown
      return events.on('installed', ({ tenant }) => told(tenant.clientKey, clientInfo(tenant)))
    }
    if (event === 'host_settings_not_saved') {
      const told = listener as (clientKey: string, data: { readonly err: string | null }) => unknown
      return events.on('tenantNotSaved', ({ clientKey, code }) => told(clientKey, { err: code }))
    }
    if (event === 'webhook_auth_verification_triggered') return events.on('webhookReceived', () => listener())
    if (event === 'webhook_auth_verification_successful') return events.on('webhookVerified', () => listener())
    const told = listener as (event: string, body: unknown, request: AceWebhookRequest) => unknown
    return events.on(event, (webhook) => told(webhook.event, webhook.body, requestOf(webhook)))
  }

  function requestOf({ tenant, accountId, body, params, query }: WebhookEvent): AceWebhookRequest {
    return {
      body,
      params,
      query,
      context: {
        addonKey: descriptor.key,
        clientKey: tenant.clientKey,
        hostBaseUrl: tenant.baseUrl,
        ...(accountId === null ? {} : { userAccountId: accountId }),
        http: clientOf(tenant.clientKey)
      }
    }
  }
}
