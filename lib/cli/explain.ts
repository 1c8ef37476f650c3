import { createSecretKey } from 'node:crypto'
import { parseArgs } from 'node:util'
import { explainToken } from '../explain/explain-token.ts'
import type { PolicySetting } from '../explain/policy-verdicts.ts'
import { kindOf, readSeenToken, type SeenToken } from '../explain/token-kind.ts'
import { hasHmacSignature, parseCompactToken } from '../jwt/compact-token.ts'
import { sessionKey } from '../jwt/session-token.ts'
import { type ConnectTenant, isConnected } from '../tenant/tenant.ts'
import { coloursFor } from './colours.ts'
import { explainReport } from './explain-report.ts'
import { explainUsage } from './explain-usage.ts'
import { type GivenToken, readToken, targetOf } from './read-token.ts'
import { findTenant, readSecret, tenantOptions, withTenantStore } from './tenant-source.ts'
import { address, type CliWorld, exitCodes, printable, UsageError } from './world.ts'

/** Whether the signature fits, and if nobody can tell, why. */
interface Checked {
  readonly signature: PolicySetting['signature']
  readonly why: string
}

/** `explain`. */
export async function explain(argv: readonly string[], world: CliWorld): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...tenantOptions,
      method: { type: 'string' },
      url: { type: 'string' },
      'base-url': { type: 'string', multiple: true },
      'forge-app-id': { type: 'string' },
      secret: { type: 'string' }
    }
  })
  if (values.help) {
    world.out(explainUsage)
    return exitCodes.done
  }
  const [given, ...rest] = positionals
  if (given === undefined) throw new UsageError('"explain" needs a token, an address with one, or - for standard input')
  if (rest.length > 0) throw new UsageError('"explain" takes one token; quote what has spaces')
  const found = readToken(await textOf(given, world))
  const token = readSeenToken(found.token)
  if (token === null) {
    throw new Error(
      'This is no JSON Web Token: three parts of base64url with JSON in the first two. Nothing can be said of it.'
    )
  }

  const checked = await check(token, values, world)
  const baseUrls = (values['base-url'] ?? []).map(parseBaseUrl)
  const kind = kindOf(token, values['app-key'])
  const explanation = explainToken(token, {
    place: found.url === null && found.place === 'header' && kind === 'invocation' ? 'bearer' : found.place,
    request: requestOf(found, values),
    basePaths: [...new Set(baseUrls.map((url) => new URL(url).pathname.replace(/\/$/, '')))].filter(
      (path) => path !== ''
    ),
    appKey: values['app-key'],
    baseUrls,
    forgeAppId: values['forge-app-id'],
    nowMs: (world.clock ?? Date.now)(),
    signature: checked.signature
  })
  world.out(
    values.json
      ? `${printable(JSON.stringify(explanation))}\n`
      : explainReport(explanation, checked.why, coloursFor(world))
  )
  const opens = explanation.policies.some(({ policy, passes }) => passes && policy !== 'none')
  return opens ? exitCodes.done : exitCodes.partly
}

async function textOf(given: string, world: CliWorld): Promise<string> {
  if (given === '-') return (await world.stdin?.()) ?? ''
  return given.startsWith('env:') ? address(given, 'token', world) : given
}

function requestOf(found: GivenToken, values: { method?: string; url?: string }): PolicySetting['request'] {
  const url = found.url ?? (values.url === undefined ? null : targetOf(values.url))
  if (url === null) return null
  return { method: (values.method ?? (found.place === 'query' ? 'GET' : 'POST')).toUpperCase(), url }
}

function parseBaseUrl(url: string): string {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw new UsageError('--base-url is an http(s) address')
  return url.replace(/\/+$/, '')
}

type Values = Parameters<typeof withTenantStore>[0] & { readonly secret?: string; readonly tenant?: string }

async function check(token: SeenToken, values: Values, world: CliWorld): Promise<Checked> {
  if (values.secret !== undefined && values.database !== undefined) {
    throw new UsageError('--secret and --database say the same in two ways: give one of them')
  }
  const isTried = values.secret !== undefined || values.database !== undefined
  if (isTried && token.header.alg !== 'HS256') {
    return { signature: 'unknown', why: 'not checked: it is not signed with a shared secret.' }
  }
  if (values.secret !== undefined) {
    const secret = readSecret(values.secret, 'secret', world)
    if (kindOf(token, values['app-key']) === 'session') {
      return {
        signature: 'unknown',
        why: 'not checked: the key of a session token is made from the tenant: --database.'
      }
    }
    return { signature: fits(token, [createSecretKey(secret, 'utf8')]), why: '' }
  }
  if (values.database === undefined) return { signature: 'unknown', why: '' }
  return withTenantStore(values, world, async (store) => {
    const named = values.tenant ?? nameIn(token, values['app-key'])
    const tenant = values.tenant === undefined ? await store.find({ clientKey: named }) : await findTenant(store, named)
    if (tenant === null || tenant.clientKey === null) {
      return { signature: 'unknown', why: 'not checked: the database has no tenant of this name with a secret.' }
    }
    const signature = fits(token, keysOf(tenant, token))
    const why = signature === 'right' && !isConnected(tenant) ? 'the app is not installed there any more' : ''
    return { signature, why }
  })
}

/** Own tokens name the tenant as their audience, those of the host as their issuer. */
function nameIn(token: SeenToken, appKey: string | undefined): string {
  const { iss, aud } = token.claims
  const own = ['session', 'rest', 'ace-session'].includes(kindOf(token, appKey))
  const name: unknown = own ? [aud].flat()[0] : iss
  return typeof name === 'string' ? name : ''
}

function keysOf(tenant: ConnectTenant, { header }: SeenToken) {
  if (header.typ === 'atl-session+jwt') return [sessionKey(tenant)]
  return [tenant.sharedSecret, tenant.previousSecret]
    .filter((secret) => secret !== null)
    .map((secret) => secret.hmacKey())
}

function fits(token: SeenToken, keys: readonly Parameters<typeof hasHmacSignature>[1][]): Checked['signature'] {
  try {
    const parsed = parseCompactToken(token.text)
    return keys.some((key) => hasHmacSignature(parsed, key)) ? 'right' : 'wrong'
  } catch {
    // Too long, or with a header that no app takes.
    return 'unknown'
  }
}
