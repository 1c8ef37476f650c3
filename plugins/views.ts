import fp from 'fastify-plugin'
import { MissingPackageError } from '../lib/errors.ts'

/** Registers `@fastify/view` with Handlebars, only if the app gave `views`. */
export const viewsPlugin = fp<{ views: Readonly<Record<string, unknown>>; production: boolean }>(
  async (app, { views, production }) => {
    const view = await load('@fastify/view', () => import('@fastify/view'))
    const handlebars = await load('handlebars', () => import('handlebars'))
    // An instance of our own, so that helpers of one app do not reach another.
    const engine = handlebars.default.create()
    await app.register(view.default, { engine: { handlebars: engine }, production, ...views })
  },
  { name: 'fastify-atlassian/views', fastify: '5.x', dependencies: ['fastify-atlassian/frame'] }
)

async function load<T>(name: string, importPackage: () => Promise<T>): Promise<T> {
  try {
    return await importPackage()
  } catch (error) {
    throw new MissingPackageError(name, 'The option "views"', error)
  }
}
