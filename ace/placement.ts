import type { FastifyInstance, RouteOptions } from 'fastify'
import { OptionError } from '../plugins/index.ts'

/** Remembers the middlewares that were made, until they stand on a route. */
export interface Placement {
  /** Throws OptionError after the start: no route can be protected by then. */
  remember<Hook extends object>(hook: Hook, name: string): Hook
}

/**
 * A middleware that stands on no route would protect nothing, and nobody would see it. So the start fails for one that
 * was made and then given to a scope, to a hook that runs too late, or to a route outside of the plugin's scope.
 */
export function createPlacement(app: FastifyInstance): Placement {
  const waiting = new Map<object, { name: string; place: string }>()
  let started = false

  app.addHook('onRoute', (route) => {
    for (const hook of deciding(route)) waiting.delete(hook)
  })
  app.addHook('onReady', async () => {
    started = true
    const [first] = waiting.values()
    if (first !== undefined) throw unplaced(first.name, first.place)
  })

  return {
    remember(hook, name) {
      const place = placeOfCaller()
      if (started) {
        throw new OptionError(
          name,
          undefined,
          `it was made after the start (${place}): make it where its route is declared`
        )
      }
      waiting.set(hook, { name, place })
      return hook
    }
  }
}

/** The hooks that run before a handler, and that the plugin reads a policy from. */
function deciding(route: RouteOptions): object[] {
  const hooks: unknown[] = [route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat()
  return hooks.filter((hook) => typeof hook === 'function')
}

function unplaced(name: string, place: string): OptionError {
  return new OptionError(
    name,
    undefined,
    `it was made (${place}) and protects no route: write "app.get(path, { preHandler: ${name} }, handler)" or "addon.get(path, ${name}, handler)" inside the scope of the plugin`
  )
}

/** The first line of the stack that is not this package's. */
function placeOfCaller(): string {
  const lines = new Error().stack?.split('\n').slice(1) ?? []
  const line = lines.find((one) => !one.includes(import.meta.dirname))
  return line?.trim() ?? 'at an unknown place'
}
