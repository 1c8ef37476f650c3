import { randomBytes } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import type { ForgeEvent, ForgeEventsOptions } from 'fastify-atlassian'
import type { Test } from 'tap'
import { buildForgeApp, type Changes, EVENT, type ForgeOverrides, type ForgeScene, INSTALLATION } from './forge.ts'

/** The same installation as events write it. */
export const BARE_INSTALLATION = INSTALLATION.slice(INSTALLATION.lastIndexOf('/') + 1)
export const TRACE = Object.freeze({
  'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124',
  'x-b3-spanid': 'a2fb4a1d1a96d312'
})

export interface SentEvent {
  readonly url?: string
  readonly claims?: Changes
  readonly token?: string
  readonly inject?: InjectOptions
}

export interface EventScene extends ForgeScene {
  /** Every event that handlers got, in order. */
  readonly heard: ForgeEvent[]
  /** One call as Forge sends it, with a token of its own. */
  send(body: unknown, how?: SentEvent): Promise<{ statusCode: number; body: string; json(): unknown }>
  /** The token of such a call. */
  eventToken(claims?: Changes): Promise<string>
}

export interface EventOverrides extends Omit<ForgeOverrides, 'forge'> {
  readonly events?: ForgeEventsOptions
}

/** The app of `buildForgeApp` with routes for events, and a listener for all of them. */
export async function buildEventApp(t: Test, { events = {}, ...overrides }: EventOverrides = {}): Promise<EventScene> {
  const scene = await buildForgeApp(t, { ...overrides, forge: { events } })
  const heard: ForgeEvent[] = []
  scene.app.atlassian.events.on('forge:*', (event) => void heard.push(event))
  const eventToken = (claims: Changes = {}) =>
    scene.token({ ...EVENT, jti: randomBytes(20).toString('hex'), ...claims })
  return {
    ...scene,
    heard,
    eventToken,
    async send(body, { url = '/forge/events', claims = {}, token, inject } = {}) {
      const headers = { authorization: `Bearer ${token ?? (await eventToken(claims))}`, ...TRACE }
      return await scene.app.inject({
        method: 'POST',
        url,
        payload: JSON.stringify(body),
        ...inject,
        headers: { 'content-type': 'application/json', ...headers, ...inject?.headers }
      })
    }
  }
}

/** An event of Jira as Forge tells it. */
export function issueUpdated(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    eventType: 'avi:jira:updated:issue',
    atlassianId: '5b10ac8d82e05b22cc7d4ef5',
    timestamp: 1_800_000_000_123,
    issue: { id: '10001', key: 'ACME-1', fields: { project: { id: '10000', key: 'ACME' } } },
    ...members
  }
}
