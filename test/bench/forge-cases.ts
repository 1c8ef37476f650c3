import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** What is compared. `bare` is the floor that the others are divided by. */
export const forgeCases = {
  bare: 'bare Fastify, no authentication',
  fresh: 'forge, each token once',
  repeated: 'forge, one token repeated'
} as const

export type ForgeCase = keyof typeof forgeCases

/** The one app of the bench. Nothing of it exists. */
export const forgeApp = { appId: '8db33809-1f32-48bb-8c52-5877dab48107', kid: 'forge/invocation-token/bench' }

const installation = 'ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5'
const cloudId = 'd0d52620-3203-4cfa-8db5-f2587155f0dd'

/** Signs tokens as long as real ones, and publishes their key. */
export function createSigner(): { token(index: number): string; readonly jwks: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const header = segment({ alg: 'RS256', kid: forgeApp.kid })
  return {
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: forgeApp.kid }] }),
    token: (index) => signed(`${header}.${segment(claims(index))}`, privateKey)
  }
}

function signed(input: string, key: KeyObject): string {
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function claims(index: number): object {
  const now = Math.floor(Date.now() / 1000)
  const apiBaseUrl = `https://api.atlassian.com/ex/jira/${cloudId}`
  const id = `ari:cloud:ecosystem::app/${forgeApp.appId}`
  return {
    app: {
      id,
      appVersion: '16.0.1',
      installationId: installation,
      apiBaseUrl,
      installation: { id: installation, contexts: [{ name: 'jira', apiBaseUrl, cloudId }] },
      environment: {
        type: 'PRODUCTION',
        id: `ari:cloud:ecosystem::environment/${forgeApp.appId}/aa911f10-c54b-4b93-9e27-dd2947840b9e`
      },
      module: { type: 'jira:issuePanel', key: 'panel' },
      license: { active: true, type: 'COMMERCIAL', isEvaluation: false, modes: ['USER_ACCESS'] }
    },
    context: {
      cloudId,
      moduleKey: 'panel',
      siteUrl: 'https://bench.atlassian.net',
      extension: { type: 'jira:issuePanel', issue: { key: `BENCH-${index}`, id: String(10_000 + index) } }
    },
    principal: `712020:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    aud: id,
    iss: 'forge/invocation-token',
    iat: now,
    nbf: now,
    // Five minutes, so that a round does not outlive its tokens; the app accepts no longer ones.
    exp: now + 300,
    jti: String(index).padStart(40, '0')
  }
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
