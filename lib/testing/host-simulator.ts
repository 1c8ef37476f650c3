import type { IncomingMessage, ServerResponse } from 'node:http'
import { createAppCaller } from './app-caller.ts'
import { reachableBase } from './app-url.ts'
import { type AppConnection, connectTo } from './deliver.ts'
import { createExchangeLog } from './exchanges.ts'
import { createFaults } from './faults.ts'
import { answerLogged } from './forge/answer-logged.ts'
import { createForgePart } from './forge/forge-host.ts'
import { type RunningServer, sendAnswer, startServer } from './http-server.ts'
import { createKeyServer, KEYS_PATH } from './key-server.ts'
import { createLifecycleCalls } from './lifecycle-calls.ts'
import { addListener } from './listeners.ts'
import { createPageLoads } from './page-loads.ts'
import type { SimulatorPages } from './pages/index.ts'
import { ACCOUNTS_PATH, createPersonalDataServer } from './personal-data.ts'
import { callResidencyHook } from './residency-calls.ts'
import { callRest } from './rest-api.ts'
import { createSigning } from './signing.ts'
import type { HostSimulatorOptions } from './simulator-options.ts'
import { contextPath, createSites, type Site } from './site.ts'
import { performAction } from './site-actions.ts'
import { descriptorBase, needApp, readSiteApp } from './site-app.ts'
import type { SiteEvent } from './site-event.ts'
import { createRestServer, restPath } from './site-server.ts'
import { createSiteWebhooks } from './site-webhooks.ts'
import { createSignTools } from './token-factory.ts'
import { createTokenServer, TOKEN_PATH } from './token-server.ts'
import type { App, Exchange, HostSimulator, SiteChoice } from './types.ts'
import { createUserGrants } from './user-grants.ts'
import { chooseUser, simulatedUsers } from './users.ts'
import { createWebhookDelivery } from './webhook-deliveries.ts'

const defaultSites = [
  { name: 'acme-jira', product: 'jira' },
  { name: 'acme-wiki', product: 'confluence' }
] as const

/**
 * Starts a small honest Atlassian on the loopback address: one control server and one server for each site. Needs the
 * optional package `atlassian-jwt` (throws `MissingPackageError` without it). Close it when the test ends.
 */
export async function createHostSimulator(options: HostSimulatorOptions = {}): Promise<HostSimulator> {
  const clock = options.clock ?? Date.now
  const signing = await createSigning()
  const log = createExchangeLog()
  const faults = createFaults()
  const stateListeners = new Set<() => void>()
  const stateChanged = () => {
    for (const listener of stateListeners) listener()
  }
  const appTimeoutMs = options.appTimeoutMs ?? 10_000
  const { sites, neighbours } = createSites(options.sites ?? defaultSites, clock())
  for (const site of sites) log.hide(site.sharedSecret)

  const grants = createUserGrants(signing, sites)
  const call = createAppCaller(signing, clock, log, faults)
  const lifecycle = createLifecycleCalls(signing, clock, log, call)
  const pageLoads = createPageLoads(signing, clock, call)
  const closing = new AbortController()
  const deliver = createWebhookDelivery(signing, clock, call, options.webhookRetryDelayMs ?? 0, closing.signal)
  const webhooks = createSiteWebhooks(clock, deliver, stateChanged)
  /** Something happened on a site: Connect's webhooks and Forge's events tell it. */
  const emit = (site: Site, events: readonly SiteEvent[]) => {
    webhooks.emit(site, events)
    forge.emit(site, events)
  }
  const answerRest = createRestServer(signing, grants, clock, log, faults, emit)
  const answerKey = createKeyServer(signing, clock, log, faults)
  const answerToken = createTokenServer(grants, clock, log, faults)

  /** The app of the last `install`, for the sites that have none yet. */
  let knownApp: { connection: AppConnection; base: string } | null = null
  let pages: Promise<SimulatorPages> | undefined

  function findSite(nameOrProduct: string | undefined): Site {
    const found =
      nameOrProduct === undefined
        ? sites[0]
        : (sites.find((site) => site.name === nameOrProduct) ?? sites.find((site) => site.product === nameOrProduct))
    if (found !== undefined) return found
    const known = sites.map((site) => site.name).join(', ')
    throw new Error(`The simulated host has no site "${nameOrProduct ?? ''}". It has: ${known}.`)
  }

  /** The web pages are loaded when the first browser comes: a test that only uses the library never needs them. */
  async function answerPage(site: Site | null, request: IncomingMessage, response: ServerResponse): Promise<void> {
    pages ??= import('./pages/index.ts').then(({ createSimulatorPages }) => createSimulatorPages(host))
    if (await (await pages).handle(site, request, response)) return
    sendAnswer(response, { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found.' })
  }

  async function useApp(site: Site, app: App | undefined): Promise<void> {
    if (app !== undefined) {
      const connection = connectTo(app, appTimeoutMs)
      knownApp = { connection, base: await descriptorBase(app, connection) }
      await forge.remember(app)
    }
    const source = app === undefined ? (site.app ?? knownApp) : knownApp
    if (source === null) throw new Error('No app is known yet: give it to the first install(app).')
    site.app = await readSiteApp(call, site, source.connection, source.base)
  }

  /** Whatever a life-cycle call ends with, the state of the site may be another one now. */
  async function changing(exchange: Promise<Exchange>): Promise<Exchange> {
    return await exchange.finally(stateChanged)
  }

  let url = ''
  const forge = createForgePart({
    clock,
    log,
    faults,
    call,
    connect: lifecycle,
    sites,
    options: options.forge ?? {},
    findSite,
    url: () => url,
    meetConnect: useApp,
    emit,
    stateChanged
  })

  const personalData = createPersonalDataServer({
    signing,
    sites,
    clock,
    isSystemToken: forge.isSystemToken
  })

  const servers: RunningServer[] = []
  const start = async (
    index: number,
    handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  ) => {
    const server = await startServer(options.port ? options.port + index : 0, handle)
    servers.push(server)
    return server.origin
  }
  const settled = async () => {
    await Promise.all([webhooks.settled(), forge.settled()])
  }
  const close = async () => {
    closing.abort()
    forge.close()
    await settled()
    await Promise.all(servers.map((server) => server.close()))
  }

  try {
    url = await start(0, async (request, response) => {
      const isKey = request.method === 'GET' && request.url?.startsWith(`${KEYS_PATH}/`) === true
      if (isKey) await answerKey(request, response)
      else if (request.method === 'POST' && request.url === ACCOUNTS_PATH)
        await answerLogged({ clock, log, faults }, personalData.endpoint, request, response)
      else if (request.method === 'POST' && request.url === TOKEN_PATH) await answerToken(url, request, response)
      else await (forge.serve(request, response) ?? answerPage(null, request, response))
    })
    for (const [index, first] of sites.entries()) {
      const neighbour = neighbours.get(first)
      first.origin =
        neighbour?.origin ??
        (await start(index + 1, async (request, response) => {
          const site = siteAt(first, request.url ?? '/')
          const path = restPath(site, request.url ?? '/')
          await (path === null ? answerPage(site, request, response) : answerRest(site, path, request, response))
        }))
      first.baseUrl = first.origin + contextPath(first)
    }
  } catch (error) {
    await close()
    throw error
  }

  /** The site that this path of an address belongs to. */
  function siteAt(first: Site, path: string): Site {
    const isBeside = (site: Site) => neighbours.get(site) === first && path.startsWith(`${contextPath(site)}/`)
    return sites.find(isBeside) ?? first
  }

  const siteOf = (choice: SiteChoice | undefined) => findSite(choice?.site)

  const host: HostSimulator = {
    clock,
    url,
    sites,
    users: simulatedUsers,
    hostScriptUrl: `${url}/all.js`,
    exchanges: log.list,
    site: findSite,
    connectOptions: () => ({
      allowedHosts: [...new Set(sites.map((site) => site.origin))],
      installKeyHosts: [url + KEYS_PATH],
      authorizationServer: url,
      hostScriptUrl: `${url}/all.js`,
      personalDataServer: url
    }),
    async install(app, choice) {
      const site = siteOf(choice)
      await useApp(site, app)
      return await changing(lifecycle.install(site, choice?.newClientKey ? 'newClientKey' : undefined))
    },
    async upgrade(choice) {
      const site = siteOf(choice)
      await useApp(site, undefined)
      return await changing(lifecycle.install(site))
    },
    rotateSecret: async (choice) => await changing(lifecycle.install(siteOf(choice), 'newSecret')),
    async uninstall(choice) {
      const site = siteOf(choice)
      grants.revoke(site)
      return await changing(lifecycle.uninstall(site))
    },
    enable: async (choice) => await changing(lifecycle.setEnabled(siteOf(choice), true)),
    disable: async (choice) => await changing(lifecycle.setEnabled(siteOf(choice), false)),
    descriptor: (choice) => needApp(siteOf(choice)).descriptor.raw,
    appAddress(choice) {
      const { app } = siteOf(choice)
      return app === null ? null : reachableBase(app)
    },
    modules: (choice) => needApp(siteOf(choice)).descriptor.pages,
    openPage: async (moduleKey, page = {}) => await pageLoads.open(siteOf(page), moduleKey, page),
    pageUrl: async (moduleKey, page = {}) => pageLoads.url(siteOf(page), moduleKey, page),
    contextToken: async (page = {}) => pageLoads.contextToken(siteOf(page), page),
    callApp: async (path, page = {}) => await pageLoads.call(siteOf(page), path, page),
    sendWebhook: async (event, webhook = {}) => await webhooks.send(siteOf(webhook), event, webhook),
    async act(action, choice) {
      const site = siteOf(choice)
      emit(site, performAction(site, action, chooseUser(choice?.user), clock()))
    },
    async requestAsUser(request, choice) {
      const site = siteOf(choice)
      const path = restPath(site, request.path)
      const below = path === null ? request : { ...request, path }
      const { answer, events } = callRest(site, below, chooseUser(choice?.user), clock())
      emit(site, events)
      return answer
    },
    accounts: personalData.accounts,
    setLicense(license, choice) {
      siteOf(choice).license = license
      stateChanged()
    },
    dataResidency: async (hook, choice = {}) =>
      await callResidencyHook({ signing, clock, call }, siteOf(choice), hook, choice),
    settled,
    sign: createSignTools(signing, clock, findSite),
    forge: forge.host,
    failNext: faults.add,
    onExchange: log.listen,
    onStateChange: (listener) => addListener(stateListeners, listener),
    close
  }
  return host
}
