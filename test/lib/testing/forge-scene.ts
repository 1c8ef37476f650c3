import type { ForgeSimulatorOptions, HostSimulator, HostSimulatorOptions } from 'fastify-atlassian/testing'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import type { Test } from 'tap'
import { type AppDouble, createAppDouble, lastRequest, startHost } from './app-double.ts'

/** What a manifest.yml says, parsed. */
export const exampleManifest = {
  app: { connect: { key: 'tea-timer', remote: 'backend' } },
  remotes: [{ key: 'backend', auth: { appSystemToken: { enabled: true } } }],
  permissions: {
    scopes: { 'read:jira-work': { allowImpersonation: true }, 'write:jira-work': {}, 'read:app-system-token': {} }
  },
  modules: {
    'jira:issuePanel': [{ key: 'panel', resolver: { endpoint: 'ui' } }],
    macro: [{ key: 'report', resolver: { endpoint: 'bare' } }],
    endpoint: [
      { key: 'ui', auth: { appSystemToken: { enabled: true }, appUserToken: { enabled: true } } },
      { key: 'bare' },
      { key: 'life', route: { path: '/forge/life' }, auth: { appSystemToken: { enabled: true } } },
      { key: 'changes', route: { path: '/forge/changes' } },
      { key: 'beat', route: { path: '/forge/beat' }, auth: { appSystemToken: { enabled: true } } }
    ],
    trigger: [
      { key: 'on-life', endpoint: 'life', events: ['avi:forge:installed:app', 'avi:forge:upgraded:app'] },
      {
        key: 'on-change',
        endpoint: 'changes',
        events: ['avi:jira:updated:issue', 'avi:jira:commented:issue', 'avi:confluence:updated:page']
      }
    ],
    scheduledTrigger: [{ key: 'hourly', endpoint: 'beat', interval: 'hour' }],
    preUninstall: [{ key: 'bye', endpoint: 'life' }],
    'migration:dataResidency': [{ key: 'dare', path: '/forge/dare' }]
  }
}

export interface ForgeScene {
  readonly host: HostSimulator
  readonly app: AppDouble
  /** Lets time pass. */
  pass(ms: number): void
  now(): number
  /** The claims of a token, checked by jose with the published keys. */
  verified(token: string): Promise<JWTPayload>
  /** The claims of the invocation token of the last request, checked the same way. */
  lastClaims(): Promise<JWTPayload>
}

export async function forgeScene(
  t: Test,
  forge: ForgeSimulatorOptions = {},
  options: Omit<HostSimulatorOptions, 'forge' | 'clock'> = {}
): Promise<ForgeScene> {
  let now = 1_800_000_000_000
  const host = await startHost(t, { ...options, clock: () => now, forge })
  const app = createAppDouble()
  app.answer = () => ({ status: 204 })
  const verified = async (token: string) => {
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(host.forge.jwksUrl)), {
      algorithms: ['RS256'],
      issuer: 'forge/invocation-token',
      audience: `ari:cloud:ecosystem::app/${host.forge.appId}`,
      currentDate: new Date(now)
    })
    return payload
  }
  return {
    host,
    app,
    pass: (ms) => {
      now += ms
    },
    now: () => now,
    verified,
    lastClaims: () => verified(bearerToken(app))
  }
}

export function bearerToken(app: AppDouble): string {
  return /^Bearer (\S+)$/.exec(String(lastRequest(app).headers.authorization))?.[1] ?? ''
}
