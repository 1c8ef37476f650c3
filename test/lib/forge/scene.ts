import { createApiBaseUrlReader } from '../../../lib/forge/api-base-url.ts'
import { createSystemTokens } from '../../../lib/forge/system-tokens.ts'
import type { Log } from '../../../lib/ports.ts'
import { Secret } from '../../../lib/secret.ts'
import { createMemoryTenantStore } from '../../../lib/store/memory-tenant-store.ts'
import type { TokenStore } from '../../../lib/tenant/token-store.ts'
import { APP_KEY, makeTenant } from '../tenant/make-tenant.ts'

export const ORIGIN = 'https://api.atlassian.com'
export const CLOUD_ID = 'd0d52620-3203-4cfa-8db5-f2587155f0dd'
export const of = { tenantId: 'tenant-1', installationId: 'installation-1', environmentId: 'environment-1' }
export const jira = new Map([['jira', `${ORIGIN}/ex/jira/${CLOUD_ID}`]])
export const twoProducts = new Map([...jira, ['confluence', `${ORIGIN}/ex/confluence/${CLOUD_ID}`]])

/** A store with a tenant, whose token part is counted, and any number of processes on it. */
export async function createScene() {
  const clock = Object.assign(() => clock.nowMs, { nowMs: 1_800_000_000_000 })
  const memory = createMemoryTenantStore({ appKey: APP_KEY })
  await memory.open()
  for (const tenantId of ['tenant-1', 'tenant-2']) {
    await memory.save(makeTenant({ tenantId, connectId: tenantId, clientKey: tenantId, installations: [] }), null)
  }
  const parts = memory.tokens
  if (parts === undefined) throw new Error('the store keeps no tokens')
  const questions: string[] = []
  const faults = { isBroken: false }
  const count =
    <Given extends unknown[], Result>(name: string, work: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      questions.push(name)
      if (faults.isBroken) throw new Error('the disk is full')
      return await work(...given)
    }
  const tokens: TokenStore = {
    ...parts,
    get: count('get', parts.get),
    put: count('put', parts.put),
    delete: count('delete', parts.delete)
  }
  const lines: string[] = []
  const write = (details: object, message: string) => void lines.push(`${message} ${JSON.stringify(details)}`)
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const readApiBaseUrl = createApiBaseUrlReader([ORIGIN])
  return {
    clock,
    tokens,
    questions,
    faults,
    lines,
    log,
    /** One more process on the same store. */
    process: () => createSystemTokens({ store: { tokens }, readApiBaseUrl, clock, log }),
    bearer: (name: string, inSeconds: number) => new Secret(jwt({ name, exp: clock.nowMs / 1000 + inSeconds }))
  }
}

export function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
}
