import type { FastifyRequest } from 'fastify'
import { AtlassianError } from '../lib/errors.ts'
import type { TenantWithSettings } from '../lib/tenant/tenant-settings.ts'
import type { AtlassianRequestContext, ConnectRequestContext, ForgeRequestContext } from './types.ts'

/**
 * The verified context of this request, never `null`. Throws `ATL_NOT_PROTECTED` on a public route and outside of the
 * scope that registered the plugin: a mistake of the app, not of the caller.
 */
export function requireAtlassian(request: FastifyRequest): AtlassianRequestContext {
  const context = request.atlassian
  if (!context) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-context')
  return context
}

/** As requireAtlassian, for a route that serves Connect only. */
export function requireConnect(request: FastifyRequest): ConnectRequestContext {
  const context = requireAtlassian(request)
  if (context.platform !== 'connect') throw new AtlassianError('ATL_NOT_PROTECTED', 'not-connect')
  return context
}

/** As requireAtlassian, for a route that serves Forge only. */
export function requireForge(request: FastifyRequest): ForgeRequestContext {
  const context = requireAtlassian(request)
  if (context.platform !== 'forge') throw new AtlassianError('ATL_NOT_PROTECTED', 'not-forge')
  return context
}

/** The tenant of this request by whichever platform it came, never `null`. Throws as requireAtlassian. */
export function requireTenant(request: FastifyRequest): TenantWithSettings {
  return requireAtlassian(request).tenant
}
