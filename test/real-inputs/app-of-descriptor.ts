import { readFileSync } from 'node:fs'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { connectPlugin, type WebhookEvent } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import type { HostSimulator } from 'fastify-atlassian/testing'
import { descriptorModules } from '../../lib/descriptor/index.ts'

export interface AppOfDescriptor {
  readonly app: FastifyInstance
  /** Every webhook that its handlers were given. */
  readonly heard: WebhookEvent[]
}

/** An app that serves what a descriptor names: each page answers with the tenant that the plugin has verified. */
export async function appOfDescriptor(
  host: HostSimulator,
  descriptor: string | object,
  baseUrl: string
): Promise<AppOfDescriptor> {
  const app = Fastify()
  const heard: WebhookEvent[] = []
  try {
    await app.register(connectPlugin, {
      descriptor,
      baseUrl,
      ...(usesAppKey(descriptor) ? { appKey: 'app-of-placeholder' } : {}),
      environment: 'test',
      store: (appKey) => createMemoryTenantStore({ appKey }),
      webhooks: { mode: 'await' },
      ...host.connectOptions()
    })
    app.atlassian.events.on('*', (event) => void heard.push(event))
    addRoutes(app)
    await app.ready()
  } catch (error) {
    await app.close()
    throw error
  }
  return { app, heard }
}

function addRoutes(app: FastifyInstance): void {
  const { descriptor } = app.atlassian
  const prefix = new URL(descriptor.baseUrl).pathname.replace(/\/$/, '')
  const unsigned = String(descriptor.authentication.type).toLowerCase() === 'none'
  const modules = descriptorModules(descriptor)
  for (const { routePath, path, methods } of modules) {
    // Some descriptors use one path for a cacheable page and for others: it can be nothing but public.
    const cacheable = modules.some((module) => module.cacheable && module.path === path)
    for (const method of methods) {
      const url = `${prefix}${routePath}`
      if (app.hasRoute({ method, url })) continue
      const route: RouteOptions = {
        method,
        url,
        handler: async ({ tenant, connect }) => ({ clientKey: tenant?.clientKey ?? null, kind: connect?.tokenKind })
      }
      app.route(unsigned || cacheable ? { ...route, ...app.atlassian.protect('none') } : route)
    }
  }
}

function usesAppKey(descriptor: string | object): boolean {
  const text = typeof descriptor === 'string' ? readFileSync(descriptor, 'utf8') : JSON.stringify(descriptor)
  return text.includes('{{appKey}}')
}
