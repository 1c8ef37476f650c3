import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { lifecyclePaths } from '../lib/descriptor/index.ts'
import { AtlassianError } from '../lib/errors.ts'
import type { VerifiedInstall } from '../lib/jwt/verify-install.ts'
import { type LifecycleEventType, lifecycleEvents } from '../lib/tenant/lifecycle-payload.ts'
import type { LifecycleResult } from '../lib/tenant/lifecycle-service.ts'
import { refuse, useErrorHandlerOfApp } from './refuse.ts'
import { requireConnect } from './require-atlassian.ts'
import { acceptEnded } from './route-policy.ts'

const BODY_LIMIT = 262_144

/** POST routes for what the descriptor names under `lifecycle`, unless an option leaves them to the app. */
export const lifecyclePlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const paths = lifecyclePaths(core.descriptor)
    const { mountPaths, errorPage, lifecycle } = core.options

    for (const event of lifecycleEvents) {
      const path = paths[event]
      if (path === undefined || !lifecycle[event]) continue
      const signed = event === 'installed' || event === 'uninstalled'
      const config: FastifyContextConfig = signed
        ? { atlassian: { auth: 'lifecycle', event } }
        : { atlassian: { auth: 'webhook' }, [acceptEnded]: true }
      for (const mountPath of mountPaths) {
        const options = { config, bodyLimit: BODY_LIMIT, errorHandler: useErrorHandlerOfApp }
        app.post(`${mountPath}${path.routePath}`, options, async (request, reply) => {
          try {
            if (signed) await applyInstall(core, request)
            else await applyEnabled(core, request, event)
          } catch (error) {
            return refused(request, reply, error)
          }
          return reply.code(204).send()
        })
      }
    }

    function refused(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
      refuse(request, reply, error, errorPage, (failure) => {
        throw failure
      })
      return reply
    }
  },
  { name: 'fastify-atlassian/lifecycle', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** Applies the verified install token of this request and runs the app's hook. Throws `ATL_NOT_PROTECTED` without one. */
export async function applyInstall(core: ConnectApp, request: FastifyRequest): Promise<LifecycleResult> {
  const install = request.verifiedInstall
  if (install === null) throw new AtlassianError('ATL_NOT_PROTECTED', 'no-install-token')
  const { payload, mark, iatSeconds } = install
  const type = payload.eventType
  if (type !== 'installed' && type !== 'uninstalled') throw new AtlassianError('ATL_LIFECYCLE_BODY', 'event-type')
  const result = await orUnavailable(core.lifecycle.apply(payload.clientKey, { type, payload, mark, iatSeconds }))
  request.log.info({ clientKey: payload.clientKey, change: result.change }, 'life-cycle event applied')
  if (type === 'installed' && result.tenant !== null) await noteRegion(core, request, result.tenant.tenantId, install)
  await runHook(core, result)
  return result
}

/** Which region the site has is told by the address that the token is for. The install is done, whatever comes of this. */
async function noteRegion(
  core: ConnectApp,
  request: FastifyRequest,
  tenantId: string,
  { audience, iatSeconds }: VerifiedInstall
): Promise<void> {
  if (core.store.settings === undefined) return
  await core.regions.installed(tenantId, audience, iatSeconds * 1000).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : 'unknown'
    request.log.error({ tenantId, reason }, 'the region of a tenant was not written')
  })
}

async function applyEnabled(core: ConnectApp, request: FastifyRequest, type: LifecycleEventType): Promise<void> {
  const { tenant } = requireConnect(request)
  if (type !== 'enabled' && type !== 'disabled') throw new AtlassianError('ATL_NOT_PROTECTED', 'no-tenant')
  const payload = core.installs.parse(request.body, [type])
  if (payload.clientKey !== tenant.clientKey) throw new AtlassianError('ATL_LIFECYCLE_BODY', 'client-key')
  await runHook(core, await orUnavailable(core.lifecycle.apply(tenant.clientKey, { type })))
}

/** The hook is in the inbox by now; the answer waits for it only as long as the app asked for. */
async function runHook(core: ConnectApp, { deliveryId, joinDeliveryId }: LifecycleResult): Promise<void> {
  // What moves after two records became one is not the app's hook, and no answer waits for it.
  if (joinDeliveryId !== null) core.dispatcher.dispatch(joinDeliveryId)
  if (deliveryId === null) return
  const run = core.dispatcher.dispatch(deliveryId)
  const { awaitMs } = core.options.hooks
  if (awaitMs === 0) return
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, awaitMs)
  })
  await Promise.race([run, limit])
  clearTimeout(timer)
}

/** What our own table does not know came from the storage. */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof AtlassianError) throw cause
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'life-cycle', {}, { cause })
  }
}
