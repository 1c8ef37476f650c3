import fp from 'fastify-plugin'
import type { HelperDelegate } from 'handlebars'
import { MissingPackageError, OptionError } from '../lib/errors.ts'
import { type Handlebars, withLayouts } from './view-layouts.ts'
import { findPartials } from './view-partials.ts'

/** What `views` may hold beside the options of `@fastify/view`. */
interface ViewAdditions {
  /** A folder whose templates are partials under their path below it, without the ending. */
  readonly partialsDir?: string
  /** Where the layouts lie that templates select. Default: the folder of the views. */
  readonly layoutsDir?: string
  /** Functions for templates by name, as Handlebars takes them. */
  readonly helpers?: Readonly<Record<string, HelperDelegate>>
}

/** Registers `@fastify/view` with Handlebars, only if the app gave `views`. */
export const viewsPlugin = fp<{ views: Readonly<Record<string, unknown>>; production: boolean }>(
  async (app, { views, production }) => {
    const view = await load('@fastify/view', () => import('@fastify/view'))
    const handlebars = await load('handlebars', () => import('handlebars'))
    const { partialsDir, layoutsDir, helpers, ...rest } = views as Readonly<Record<string, unknown>> & ViewAdditions
    const root = folderOf(rest)
    if (rest.engine !== undefined && (helpers !== undefined || layoutsDir !== undefined)) {
      throw new OptionError('views.engine', rest.engine, 'helpers and layouts are for the engine of the package alone')
    }
    // An instance of our own, so that helpers of one app do not reach another.
    const engine: Handlebars = handlebars.default.create()
    for (const [name, helper] of Object.entries(helpers ?? {})) {
      if (typeof helper !== 'function') throw new OptionError(`views.helpers.${name}`, helper, 'it must be a function')
      engine.registerHelper(name, helper)
    }
    const given = typeof rest.options === 'object' ? rest.options : {}
    const partials = { ...(await findPartials(partialsDir, root)), ...Reflect.get(given ?? {}, 'partials') }
    await app.register(view.default, {
      engine: { handlebars: withLayouts(engine, layoutsDir ?? root, rest.layout) },
      production,
      ...rest,
      options: { ...given, partials }
    })
  },
  { name: 'fastify-atlassian/views', fastify: '5.x', dependencies: ['fastify-atlassian/frame'] }
)

/** Where templates lie, as `@fastify/view` understands it. */
function folderOf({ root, templates }: Readonly<Record<string, unknown>>): string {
  return [root, templates].find((one) => typeof one === 'string') ?? './'
}

async function load<T>(name: string, importPackage: () => Promise<T>): Promise<T> {
  try {
    return await importPackage()
  } catch (error) {
    throw new MissingPackageError(name, 'The option "views"', error)
  }
}
