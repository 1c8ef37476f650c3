import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { buildForgeApp, type Changes, type ForgeOverrides, type ForgeScene } from './forge.ts'
import { apiToken, both, createForgeApi, type ForgeApi } from './forge-api.ts'

/** A Forge app, Atlassian's side of its calls, and somebody who calls it. */
export interface CallScene extends ForgeScene {
  readonly api: ForgeApi
  /** An API token that ends so many seconds from now. Default four hours. */
  bearer(name: string, inSeconds?: number): string
  /** Sends a call of Jira (unless said otherwise) with these API tokens. */
  send(url: string, given?: Sent): Promise<LightMyRequestResponse>
}

export interface Sent {
  readonly system?: string
  readonly user?: string
  readonly products?: readonly string[]
  /** Members of the invocation token to change. */
  readonly changes?: Changes
  readonly method?: 'GET' | 'POST'
}

export async function buildCallScene(t: Test, overrides: ForgeOverrides = {}): Promise<CallScene> {
  const api = await createForgeApi(t)
  const forge = { apiHosts: [api.origin], keepAlivePath: '/forge/keep-alive', ...overrides.forge }
  const scene = await buildForgeApp(t, { ...overrides, forge })
  return {
    ...scene,
    api,
    bearer: (name, inSeconds = 4 * 3600) => apiToken(name, Math.floor(scene.clock() / 1000) + inSeconds),
    async send(url, { system, user, products = ['jira'], changes = {}, method = 'GET' } = {}) {
      const token = await scene.token(both(api.from(...products), changes))
      const headers = {
        ...(system === undefined ? {} : { 'x-forge-oauth-system': system }),
        ...(user === undefined ? {} : { 'x-forge-oauth-user': user })
      }
      return await scene.app.inject(scene.call(token, { url, method, headers }))
    }
  }
}
