import { join } from 'node:path'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type ConnectOptions, connectPlugin, type ForgeOptions, HostError, redactingLogger } from 'fastify-atlassian'
import { createKyselyTenantStore, type EncryptionOptions, openDatabase } from 'fastify-atlassian/store'
import { type ChecklistTables, createChecklistStore, migrateChecklists } from './checklist-store.ts'
import { countOpenHourly } from './count-open.ts'
import { forgeRoutes } from './forge.ts'
import { keepInStep } from './keep-in-step.ts'
import { apiRoutes } from './routes/api.ts'
import { fileRoutes } from './routes/files.ts'
import { pageRoutes } from './routes/pages.ts'
import { publicRoutes } from './routes/public.ts'

export interface AppOptions {
  /** Where Jira and Confluence find this app. */
  readonly baseUrl: string
  /** `sqlite:file`, `:memory:` or `postgres://…`. */
  readonly databaseUrl: string
  /** Keys for the secrets of the tenants; SQLite makes one for development if there are none. */
  readonly encryption?: EncryptionOptions
  readonly log?: { readonly level?: string; readonly stream?: { write(line: string): void } }
  /** Which app of Forge this is, and whose calls it accepts. */
  readonly forge: ForgeOptions
  /** Whatever else `connectPlugin` takes, such as the addresses of a simulated host. */
  readonly connect?: Partial<ConnectOptions>
}

/** The whole app, ready to listen or to be injected. */
export async function buildApp({
  baseUrl,
  databaseUrl,
  encryption,
  log,
  forge,
  connect
}: AppOptions): Promise<FastifyInstance> {
  // Page URLs carry a token. This keeps it out of the log, also for addresses that nobody knows.
  // While it closes, what is under way is answered; new connections go to another node.
  const app = Fastify({ logger: { ...log, ...redactingLogger }, return503OnClosing: false })

  // Our own table lives in the database of the tenants; closing the app closes both.
  const database = await openDatabase<ChecklistTables>(databaseUrl)
  await migrateChecklists(database)
  const checklists = createChecklistStore(database)

  await app.register(connectPlugin, {
    descriptor: join(import.meta.dirname, 'atlassian-connect.json'),
    baseUrl,
    forge: { ...forge, ...forgeRoutes },
    store: (appKey) => createKyselyTenantStore({ appKey, database, encryption, migrate: true, ownsDatabase: true }),
    views: {
      root: join(import.meta.dirname, 'views'),
      layout: 'layout.hbs',
      options: { partials: { message: 'partials/message.hbs' } }
    },
    errorPage: { template: 'refused.hbs' },
    ...connect
  })

  app.setErrorHandler(showError)
  app.setNotFoundHandler((_request, reply) => reply.code(404).view('not-found.hbs'))

  await app.register(pageRoutes, { checklists })
  await app.register(apiRoutes, { checklists })
  await app.register(fileRoutes)
  await app.register(publicRoutes)
  keepInStep(app, checklists)
  countOpenHourly(app, checklists)
  return app
}

/** A page for a frame, JSON for a script. What went wrong inside stays inside, but trouble of the host may be told. */
function showError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { statusCode = 500 } = error
  if (statusCode >= 500) request.log.error({ err: error }, 'request failed')
  const message = statusCode < 500 || error instanceof HostError ? error.message : 'Something went wrong. Try again.'
  reply.code(statusCode)
  const isPage = request.headers.accept?.includes('text/html')
  return isPage ? reply.view('refused.hbs', { message }) : reply.send({ statusCode, message })
}
