import type { AppCaller } from './app-caller.ts'
import { appUrl, reachableBase } from './app-url.ts'
import type { ExchangeLog } from './exchanges.ts'
import type { Signing } from './signing.ts'
import { newClientKey, newSharedSecret, type Site } from './site.ts'
import { needApp } from './site-app.ts'
import { signToken } from './token-factory.ts'
import type { Exchange } from './types.ts'

type LifecycleEvent = 'installed' | 'uninstalled' | 'enabled' | 'disabled'

export interface LifecycleCalls {
  /** `installed`, and `enabled` once it is accepted. */
  install(site: Site, change?: 'newSecret' | 'newClientKey'): Promise<Exchange>
  uninstall(site: Site): Promise<Exchange>
  setEnabled(site: Site, enabled: boolean): Promise<Exchange>
}

export function createLifecycleCalls(
  signing: Signing,
  clock: () => number,
  log: ExchangeLog,
  call: AppCaller
): LifecycleCalls {
  async function send(site: Site, event: LifecycleEvent, secret: string | null = null): Promise<Exchange> {
    const app = needApp(site)
    const path = app.descriptor.lifecycle[event]
    if (path === undefined) return nothingSent(site, event)
    const url = appUrl(app, path)
    const tokenKind = event === 'installed' || event === 'uninstalled' ? 'install' : 'webhook'
    const token = app.descriptor.signed
      ? signToken(signing, clock(), site, tokenKind, { method: 'POST', signed: url.signed })
      : null
    return await call(site, {
      kind: event,
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `JWT ${token}` }) },
      body: JSON.stringify(lifecycleBody(site, event, secret)),
      token,
      tokenKind: token === null ? null : tokenKind
    })
  }

  function nothingSent(site: Site, event: LifecycleEvent): Exchange {
    return log.add({
      atMs: clock(),
      durationMs: 0,
      direction: 'to-app',
      kind: event,
      site: site.name,
      method: 'POST',
      url: reachableBase(needApp(site)),
      status: 0,
      tokenKind: null,
      token: null,
      canonicalRequest: null,
      queryStringHash: null,
      verdict: `${event}: the descriptor names no path for it, so nothing was sent`,
      requestHeaders: {},
      requestBody: null,
      responseHeaders: {},
      responseBody: null
    })
  }

  return {
    async install(site, change) {
      const before = site.clientKey
      const secret = change === undefined ? site.sharedSecret : newSharedSecret()
      log.hide(secret)
      if (change === 'newClientKey') site.clientKey = newClientKey()
      site.pendingSecrets.add(secret)
      const exchange = await send(site, 'installed', secret).finally(() => site.pendingSecrets.delete(secret))
      const sent = needApp(site).descriptor.lifecycle.installed !== undefined
      if (sent && exchange.status !== 200 && exchange.status !== 204) {
        site.clientKey = before
        return exchange
      }
      site.sharedSecret = secret
      site.installed = true
      // A rotation changes nothing but the secret, and is not followed by `enabled`.
      if (change !== 'newSecret') {
        site.enabled = true
        if (needApp(site).descriptor.lifecycle.enabled !== undefined) await send(site, 'enabled')
      }
      return exchange
    },

    async uninstall(site) {
      if (site.enabled && needApp(site).descriptor.lifecycle.disabled !== undefined) await send(site, 'disabled')
      site.enabled = false
      site.installed = false
      if (site.product === 'jira') site.state.dynamicWebhooks.length = 0
      site.dynamicModules.clear()
      return await send(site, 'uninstalled')
    },

    async setEnabled(site, enabled) {
      site.enabled = enabled
      return await send(site, enabled ? 'enabled' : 'disabled')
    }
  }
}

/** The members of the documented payload; the secret only in `installed`, and only for an app that signs. */
function lifecycleBody(site: Site, event: LifecycleEvent, secret: string | null): object {
  const { descriptor } = needApp(site)
  return {
    key: descriptor.key,
    clientKey: site.clientKey,
    ...(mayActAsUser(descriptor.raw.scopes) ? { oauthClientId: site.oauthClientId } : {}),
    ...(secret !== null && descriptor.signed ? { sharedSecret: secret } : {}),
    ...(event === 'installed' && site.installationId !== null ? { installationId: site.installationId } : {}),
    serverVersion: '100290',
    pluginsVersion: '1.1001.0-SNAPSHOT',
    baseUrl: site.baseUrl,
    displayUrl: site.baseUrl,
    ...(site.product === 'jira' ? { displayUrlServicedeskHelpCenter: site.baseUrl } : {}),
    productType: site.product,
    description: `${site.name}, a simulated ${site.product === 'jira' ? 'Jira' : 'Confluence'} site`,
    eventType: event
  }
}

function mayActAsUser(scopes: unknown): boolean {
  return Array.isArray(scopes) && scopes.some((scope) => String(scope).toUpperCase() === 'ACT_AS_USER')
}
