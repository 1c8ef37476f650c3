import { isObject } from './descriptor-reader.ts'
import { type RestCall, type RestResult, type RestRoute, refusal, route } from './rest-routes.ts'
import type { Site } from './site.ts'

const PATH = '/rest/atlassian-connect/1/app/module/dynamic'

/** Modules that the app registers on one site beside those of its descriptor. They end with the installation. */
export const dynamicModuleRoutes: readonly RestRoute<Site>[] = [
  route(`GET ${PATH}`, (site, call) => forApp(call, () => ({ status: 200, body: byType(site) }))),
  route(`POST ${PATH}`, (site, call) => forApp(call, () => register(site, call.body))),
  route(`DELETE ${PATH}`, (site, call) =>
    forApp(call, () => {
      const keys = call.query.getAll('moduleKey')
      if (keys.length === 0) site.dynamicModules.clear()
      for (const key of keys) site.dynamicModules.delete(key)
      return { status: 204 }
    })
  )
]

function forApp(call: RestCall, answer: () => RestResult): RestResult {
  return call.caller === 'app' ? answer() : refusal(401, 'Only the app itself may do this.')
}

function byType(site: Site): object {
  const types: Record<string, object[]> = {}
  for (const { type, module } of site.dynamicModules.values()) types[type] = [...(types[type] ?? []), module]
  return types
}

function register(site: Site, body: unknown): RestResult {
  if (!isObject(body)) return refusal(400, 'The body has to be an object of modules.')
  const given = Object.entries(body).flatMap(([type, modules]) =>
    [modules].flat().map((module: unknown) => ({ type, module }))
  )
  const added = new Map<string, { type: string; module: object }>()
  for (const { type, module } of given) {
    if (!isObject(module) || typeof module.key !== 'string') return refusal(400, 'A module has to have a key.')
    if (added.has(module.key) || site.dynamicModules.has(module.key)) {
      return refusal(400, `A module with the key "${module.key}" is there already.`)
    }
    added.set(module.key, { type, module })
  }
  for (const [key, entry] of added) site.dynamicModules.set(key, entry)
  return { status: 202 }
}
