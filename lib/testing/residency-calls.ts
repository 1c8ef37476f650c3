import type { AppCaller } from './app-caller.ts'
import { appUrl } from './app-url.ts'
import { isObject } from './descriptor-reader.ts'
import type { Signing } from './signing.ts'
import type { Site } from './site.ts'
import { needApp } from './site-app.ts'
import { signToken } from './token-factory.ts'
import type { Exchange, ResidencyCallOptions } from './types.ts'

const HOUR_MS = 3_600_000

/** One hook of a move of Connect to another region (connect.md 7.8). */
export async function callResidencyHook(
  world: { readonly signing: Signing; readonly clock: () => number; readonly call: AppCaller },
  site: Site,
  hook: 'schedule' | 'start' | 'status' | 'commit' | 'rollback',
  options: ResidencyCallOptions
): Promise<Exchange> {
  const { signing, clock, call } = world
  const app = needApp(site)
  const lifecycle = app.descriptor.raw.lifecycle
  const base = isObject(lifecycle) ? lifecycle['dare-migration'] : undefined
  if (typeof base !== 'string') throw new Error('The descriptor has no lifecycle["dare-migration"].')
  const { migrationId = 1, location = 'EU', signedBy = 'install-key' } = options
  const isStatus = hook === 'status'
  const method = isStatus ? 'GET' : 'POST'
  const url = appUrl(app, `${base.replace(/\/+$/, '')}/${hook}${isStatus ? `?migrationId=${migrationId}` : ''}`)
  const tokenKind = signedBy === 'install-key' ? 'install' : 'webhook'
  const token = signToken(signing, clock(), site, tokenKind, { method, signed: url.signed }, { user: null })
  const plan = {
    startTime: new Date(clock()).toISOString(),
    endTime: new Date(clock() + HOUR_MS).toISOString(),
    location
  }
  const body = hook === 'schedule' || hook === 'start' ? { ...plan, migrationId } : { migrationId }
  return await call(site, {
    kind: 'data-residency',
    method,
    url,
    headers: { authorization: `JWT ${token}`, ...(isStatus ? {} : { 'content-type': 'application/json' }) },
    body: isStatus ? null : JSON.stringify(body),
    token,
    tokenKind
  })
}
