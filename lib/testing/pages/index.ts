import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HostSimulator, SimulatedSite } from '../types.ts'
import { endpoints } from './api.ts'
import { streamEvents } from './event-stream.ts'
import { sendFrontEnd } from './front-ends.ts'
import { PageError, readJson, redirect, sendAsset, sendJson, sendShell } from './respond.ts'
import { homePath, parseRoute } from './routes.ts'
import { createShownLog } from './shown-log.ts'
import { buildView, type Visit } from './view.ts'

export interface SimulatorPages {
  /** Answers a request for a web page and says whether it was one. `site` is null on the control server. */
  handle(site: SimulatedSite | null, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

/** The simulator as web pages: the two products with the app's modules in them, the controls and the live log. */
export function createSimulatorPages(host: HostSimulator): SimulatorPages {
  /** Who looks, on all sites at once; null is an anonymous visitor. */
  let accountId: string | null = host.users[0]?.accountId ?? null

  const log = createShownLog(host)

  const visitTo = (site: SimulatedSite): Visit => ({
    host,
    site,
    log,
    user: host.users.find((user) => user.accountId === accountId) ?? null
  })

  function handleControl(url: URL, response: ServerResponse): Promise<void> | null {
    if (url.pathname === '/all.js') return sendAsset(response, 'all.js')
    if (url.pathname === '/forge-bridge.js') {
      // A module of another origin: the front ends of the app import it.
      response.setHeader('access-control-allow-origin', '*')
      return sendAsset(response, 'forge-bridge.js')
    }
    if (url.pathname.startsWith('/ui/')) return sendFrontEnd(host.forge.resources, url.pathname, response)
    if (url.pathname !== '/' && !url.pathname.startsWith('/sim/')) return null
    const site = host.site()
    redirect(response, site.origin + homePath(site))
    return Promise.resolve()
  }

  async function handleApi(site: SimulatedSite, url: URL, request: IncomingMessage, response: ServerResponse) {
    const name = url.pathname.slice('/sim/api/'.length)
    if (request.method === 'GET') return await answerGet(site, name, url, request, response)
    if (request.method !== 'POST') throw new PageError(405, 'only GET and POST')
    requireOwnPage(site, request)
    const body = await readJson(request)
    if (name === 'user') {
      accountId = typeof body.accountId === 'string' ? body.accountId : null
      return sendJson(response, 200, { user: visitTo(site).user })
    }
    const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined
    if (endpoint === undefined) throw new PageError(404, 'there is no such control')
    sendJson(response, 200, await endpoint(visitTo(site), body))
  }

  async function answerGet(
    site: SimulatedSite,
    name: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse
  ) {
    if (name === 'events') return streamEvents(host, log, request, response)
    if (name === 'view') {
      const wanted = new URL(url.searchParams.get('path') ?? '/', site.origin)
      return sendJson(response, 200, buildView(visitTo(site), parseRoute(site, wanted)).data)
    }
    const id = Number(/^exchanges\/(\d+)$/.exec(name)?.[1])
    const exchange = log.open(id)
    if (exchange === undefined) throw new PageError(404, 'this exchange is no longer in the log')
    sendJson(response, 200, exchange)
  }

  async function handleSite(site: SimulatedSite, url: URL, request: IncomingMessage, response: ServerResponse) {
    if (request.headers.host !== new URL(site.origin).host) {
      // Another name for this address: somebody's DNS may point here. Only our own name is answered.
      if (request.method === 'GET' && url.pathname === '/') return redirect(response, site.origin)
      throw new PageError(421, `this site is ${site.origin}`)
    }
    if (url.pathname.startsWith('/sim/assets/'))
      return await sendAsset(response, url.pathname.slice('/sim/assets/'.length))
    if (url.pathname.startsWith('/sim/api/')) return await handleApi(site, url, request, response)
    if (request.method !== 'GET') throw new PageError(405, 'only GET')
    if (url.pathname === '/favicon.ico') return redirect(response, '/sim/assets/icon.svg')
    if (/^\/(wiki\/?)?$/.test(url.pathname)) return redirect(response, site.origin + homePath(site))
    const view = buildView(visitTo(site), parseRoute(site, url))
    await sendShell(response, view.status, view.title, view.data)
  }

  return {
    async handle(site, request, response) {
      const url = new URL(request.url ?? '/', site?.origin ?? host.url)
      try {
        if (site !== null) {
          await handleSite(site, url, request, response)
          return true
        }
        const answer = handleControl(url, response)
        await answer
        return answer !== null
      } catch (error) {
        if (response.headersSent) throw error
        // The host refuses with plain errors that say what to do: no app known, no such module.
        const status = error instanceof PageError ? error.status : 409
        sendJson(response, status, { message: error instanceof Error ? error.message : 'something went wrong' })
        return true
      }
    }
  }
}

/** The buttons obey only our own page: the header cannot be sent by a page of another origin without our consent. */
function requireOwnPage(site: SimulatedSite, request: IncomingMessage): void {
  const { origin } = request.headers
  if (request.headers['x-simulator-control'] !== '1' || (origin !== undefined && origin !== site.origin)) {
    throw new PageError(403, 'the controls belong to the page of the site itself')
  }
}
