import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ConnectApp } from '../lib/connect-app.ts'
import {
  type DataResidencyHandlers,
  type DataResidencyHook,
  dataResidencyHooks
} from '../lib/forge/events/data-residency.ts'
import type { ResolvedEventRoute, ResolvedForgeEvents } from '../lib/forge/events/event-options.ts'
import { readForgeEvent } from '../lib/forge/events/read-event.ts'
import { readTrace } from '../lib/forge/trace.ts'
import { ENDPOINT } from '../lib/forge/verify-invocation.ts'
import type { ForgeEvents } from '../lib/forge-events.ts'
import type { Recorder } from '../lib/recording/recorder.ts'
import { answerMove } from './data-residency.ts'
import { acceptAnyBody, parseJsonBytes, writable } from './json-bytes.ts'
import { refuse, useErrorHandlerOfApp } from './refuse.ts'
import { requireForge } from './require-atlassian.ts'
import { acceptEnded, hearsFarewells } from './route-policy.ts'

/** The module under which a move of data may call. */
const MOVES = 'migration:dataResidency'

/** POST routes for what Forge sends by itself, at the paths of the option `forge.events`. */
export const forgeEventsPlugin = fp<{
  core: ConnectApp
  events: ResolvedForgeEvents
  forgeEvents: ForgeEvents
  recorder: Recorder | null
}>(
  async (app, { core, events, forgeEvents, recorder }) => {
    const { mountPaths, errorPage, webhooks } = core.options
    const shared = {
      bodyLimit: webhooks.bodyLimit,
      errorHandler: useErrorHandlerOfApp
    }

    await app.register(async (scope) => {
      acceptAnyBody(scope)
      for (const mountPath of mountPaths) {
        for (const [path, routes] of byPath(events.routes)) {
          const says = { [hearsFarewells]: routes.some(({ kind }) => kind === 'preUninstall') }
          scope.post(
            `${mountPath}${path}`,
            { ...shared, config: { ...configOf([ENDPOINT]), ...says } },
            (request, reply) => answered(request, reply, () => receive(request, reply, forgeEvents, recorder, routes))
          )
        }
        const handlers = events.dataResidency ?? core.options.dataResidency
        if (handlers === null) continue
        for (const hook of dataResidencyHooks) {
          scope.route({
            ...shared,
            method: hook === 'status' ? 'GET' : 'POST',
            url: `${mountPath}${handlers.path}/${hook}`,
            config: configOf([ENDPOINT, MOVES]),
            handler: (request, reply) => answered(request, reply, () => move(core, request, reply, handlers, hook))
          })
        }
      }
    })

    async function answered(
      request: FastifyRequest,
      reply: FastifyReply,
      answer: () => Promise<FastifyReply>
    ): Promise<FastifyReply> {
      try {
        return await answer()
      } catch (error) {
        refuse(request, reply, error, errorPage, (failure) => {
          throw failure
        })
        return reply
      }
    }
  },
  { name: 'fastify-atlassian/forge-events', fastify: '5.x', dependencies: ['fastify-atlassian/authenticate'] }
)

/** A late event of an installation that ended is answered like any other, so that the host does not try again. */
function configOf(modules: readonly string[]): FastifyContextConfig {
  return { atlassian: { auth: 'forge', forge: { principal: 'forbidden', modules } }, [acceptEnded]: true }
}

async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  forgeEvents: ForgeEvents,
  recorder: Recorder | null,
  routes: readonly ResolvedEventRoute[]
): Promise<FastifyReply> {
  const { forge, tenant } = requireForge(request)
  const arrived = { forge, body: parseJsonBytes(request.body), trace: readTrace(request.headers) }
  recorder?.record({
    kind: 'forge-event',
    event: () => readForgeEvent(arrived, routes).event.event,
    url: request.originalUrl,
    headers: request.headers,
    body: arrived.body
  })
  await writable(forgeEvents.receive(arrived, tenant, routes))
  return reply.code(204).send()
}

async function move(
  core: ConnectApp,
  request: FastifyRequest,
  reply: FastifyReply,
  handlers: DataResidencyHandlers,
  hook: DataResidencyHook
): Promise<FastifyReply> {
  const { forge, tenant } = requireForge(request)
  return answerMove(core, handlers, request, reply, {
    hook,
    platform: 'forge',
    installationId: forge.installation.id,
    environmentId: forge.environment.id,
    tenant,
    trace: readTrace(request.headers),
    input: hook === 'status' ? request.query : parseJsonBytes(request.body)
  })
}

function byPath(routes: readonly ResolvedEventRoute[]): Map<string, ResolvedEventRoute[]> {
  const paths = new Map<string, ResolvedEventRoute[]>()
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route])
  return paths
}
