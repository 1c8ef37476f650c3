import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import { residencyPath } from '../lib/descriptor/index.ts'
import {
  answerDataResidency,
  type DataResidencyCall,
  type DataResidencyHandlers,
  dataResidencyHooks
} from '../lib/forge/events/data-residency.ts'
import { readTrace } from '../lib/forge/trace.ts'
import { acceptAnyBody, parseJsonBytes } from './json-bytes.ts'
import { refuse, statusName, useErrorHandlerOfApp } from './refuse.ts'
import { requireConnect } from './require-atlassian.ts'
import { signedByPlatform } from './route-policy.ts'

const BODY_LIMIT = 65_536

/** The routes of `lifecycle["dare-migration"]`, where the app has handlers for them. */
export const dataResidencyPlugin = fp<{ core: ConnectApp }>(
  async (app, { core }) => {
    const { dataResidency: handlers, mountPaths, errorPage } = core.options
    const path = residencyPath(core.descriptor)
    if (path === null) return
    if (handlers === null) {
      app.log.warn(
        'the descriptor has lifecycle["dare-migration"], but without the option "dataResidency" every move fails'
      )
      return
    }
    await app.register(async (scope) => {
      acceptAnyBody(scope)
      for (const mountPath of mountPaths) {
        for (const hook of dataResidencyHooks) {
          scope.route({
            method: hook === 'status' ? 'GET' : 'POST',
            url: `${mountPath}${path.routePath}/${hook}`,
            bodyLimit: BODY_LIMIT,
            errorHandler: useErrorHandlerOfApp,
            config: { atlassian: { auth: 'webhook' }, [signedByPlatform]: true },
            handler: async (request, reply) => {
              try {
                const { tenant } = requireConnect(request)
                return await answerMove(core, handlers, request, reply, {
                  hook,
                  platform: 'connect',
                  installationId: `connect:${tenant.connectId}`,
                  environmentId: '',
                  tenant,
                  trace: readTrace(request.headers),
                  input: hook === 'status' ? request.query : parseJsonBytes(request.body)
                })
              } catch (error) {
                refuse(request, reply, error, errorPage, (failure) => {
                  throw failure
                })
                return reply
              }
            }
          })
        }
      }
    })
  },
  { name: 'fastify-atlassian/data-residency', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** Runs the handler of a hook, remembers what it said about the region, and answers as the host expects. */
export async function answerMove(
  core: ConnectApp,
  handlers: DataResidencyHandlers,
  request: FastifyRequest,
  reply: FastifyReply,
  call: DataResidencyCall
): Promise<FastifyReply> {
  const { statusCode, body, cause, migrationId, location } = await answerDataResidency(handlers, call)
  const { hook, tenant } = call
  if (statusCode >= 400 || cause !== undefined) {
    request.log.error({ hook, reason: reasonOf(cause) }, 'data residency hook failed')
  } else {
    // What the handler did is done: an answer that says otherwise would make the host roll back.
    await noteRegion().catch((error: unknown) => {
      request.log.error({ hook, reason: reasonOf(error) }, 'the region of a tenant was not written')
    })
  }
  reply.code(statusCode)
  if (body === null) return reply.send()
  return reply.send(statusCode < 400 ? body : { statusCode, error: statusName(statusCode), ...body })

  async function noteRegion(): Promise<void> {
    const { regions, store, options } = core
    if (store.settings === undefined) return
    if (location !== null) await regions.planned(tenant.tenantId, migrationId, location)
    if (hook === 'commit') await regions.committed(tenant.tenantId, migrationId, options.clock())
    if (hook === 'rollback') await regions.rolledBack(tenant.tenantId, migrationId)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
