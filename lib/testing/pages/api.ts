import type { Exchange, PageOptions, SiteAction } from '../types.ts'
import { deliverRecording, signRequest } from './command-api.ts'
import { invokeRemote, movePlatform, requestRemote, uninstallForge } from './forge-api.ts'
import { mayAct } from './may-act.ts'
import { PageError } from './respond.ts'
import type { Visit } from './view.ts'

type Body = Readonly<Record<string, unknown>>
type Endpoint = (visit: Visit, body: Body) => Promise<unknown>

/** What the page's buttons and frames ask for: one function for each `POST /sim/api/{name}`. */
export const endpoints: Readonly<Record<string, Endpoint>> = {
  async lifecycle(visit, body) {
    const { host, site } = visit
    const options = { site: site.name }
    const app = typeof body.app === 'string' && body.app !== '' ? body.app : undefined
    const actions: Readonly<Record<string, () => Promise<Exchange>>> = {
      install: () => host.install(app, options),
      upgrade: () => host.upgrade(options),
      rotate: () => host.rotateSecret(options),
      enable: () => host.enable(options),
      disable: () => host.disable(options),
      uninstall: () => host.uninstall(options)
    }
    const name = text(body, 'action')
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) throw new PageError(400, `there is no life-cycle action "${name}"`)
    const ended = name === 'uninstall' ? await uninstallForge(visit) : null
    if (ended !== null) return ended
    return { ...resultOf(await action()) }
  },

  platform: async (visit, body) => await movePlatform(visit, text(body, 'to')),

  'forge-invoke': async (visit, body) =>
    await invokeRemote(visit, pageOptions(visit, body), text(body, 'moduleKey'), objectOf(body.call)),

  'forge-request': async (visit, body) =>
    await requestRemote(visit, pageOptions(visit, body), text(body, 'moduleKey'), objectOf(body.call)),

  async webhook(visit, body) {
    const options = { ...pageOptions(visit, body), ...(body.payload === undefined ? {} : { payload: body.payload }) }
    return { ...resultOf(await visit.host.sendWebhook(text(body, 'event'), options)) }
  },

  /** For the command line: `replay` and `sign`. */
  deliver: deliverRecording,
  'sign-request': signRequest,

  async act({ host, site, user }, body) {
    const action = actionOf(body)
    if (!mayAct(site, user, action))
      throw new PageError(403, `${user?.name ?? 'An anonymous visitor'} may not do that here.`)
    await host.act(action, { site: site.name, user: user?.accountId ?? null })
    return { done: action.type }
  },

  async 'page-url'(visit, body) {
    const url = await visit.host.pageUrl(text(body, 'moduleKey'), pageOptions(visit, body))
    visit.log.frame(visit.site, url)
    return { url }
  },

  async macro(visit, body) {
    const answer = await visit.host.openPage(text(body, 'moduleKey'), pageOptions(visit, body))
    if (answer.status !== 200) throw new PageError(502, `The app answered the macro with ${answer.status}.`)
    return { body: answer.body }
  },

  async 'context-token'(visit, body) {
    const token = await visit.host.contextToken(pageOptions(visit, body))
    visit.log.contextToken(visit.site, text(body, 'moduleKey'), token)
    return { token }
  },

  /** The context as the token would carry it, read from a token: one source for both. */
  async context(visit, body) {
    const token = await visit.host.contextToken(pageOptions(visit, body))
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return { context: typeof claims === 'object' && claims !== null && 'context' in claims ? claims.context : {} }
  },

  async request({ host, site, user, log }, body) {
    const path = text(body, 'url')
    if (!path.startsWith('/') || path.startsWith('//')) {
      throw new PageError(400, 'AP.request takes a path of the host, such as /rest/api/3/myself')
    }
    const request = {
      method: text(body, 'type').toUpperCase(),
      path,
      headers: texts(body.headers),
      ...(typeof body.body === 'string' ? { body: body.body } : {})
    }
    const answer = await host.requestAsUser(request, { site: site.name, user: user?.accountId ?? null })
    log.asUser(site, user?.name ?? 'an anonymous visitor', request, answer)
    return { ...answer, statusText: answer.status < 400 ? 'OK' : 'Error' }
  },

  async fail({ host }, body) {
    const target = text(body, 'target')
    if (target !== 'rest' && target !== 'keys' && target !== 'app') throw new PageError(400, 'unknown target')
    const trouble = text(body, 'trouble')
    const faults: Readonly<Record<string, object>> = {
      429: { status: 429, headers: { 'retry-after': '2' } },
      503: { status: 503 },
      slow: { delayMs: 3000 },
      lost: { lost: true }
    }
    const fault = faults[trouble]
    if (fault === undefined) throw new PageError(400, 'unknown trouble')
    host.failNext({ target, ...fault })
    return { target, trouble }
  }
}

function resultOf({ status, verdict }: Exchange): { exchange: { status: number; verdict: string } } {
  return { exchange: { status, verdict } }
}

const actionFields: Readonly<Record<SiteAction['type'], readonly string[]>> = {
  createIssue: ['project', 'summary', 'description'],
  updateIssue: ['issue', 'summary', 'description', 'status', 'assignee'],
  deleteIssue: ['issue'],
  commentIssue: ['issue', 'text'],
  createPage: ['space', 'title', 'body'],
  updatePage: ['page', 'title', 'body'],
  deletePage: ['page'],
  commentPage: ['page', 'text']
}

/** Only the fields of that action, and only as text; what must be there is checked by the host. */
function actionOf(body: Body): SiteAction {
  const type = text(body, 'type')
  if (!isActionType(type)) throw new PageError(400, `there is no action "${type}"`)
  const fields = actionFields[type].filter((name) => typeof body[name] === 'string' || body[name] === null)
  return Object.assign({ type }, Object.fromEntries(fields.map((name) => [name, body[name]]))) as SiteAction
}

function isActionType(type: string): type is SiteAction['type'] {
  return Object.hasOwn(actionFields, type)
}

function pageOptions({ site, user }: Visit, body: Body): PageOptions {
  const { issue, project, page, space } = texts(body.context)
  return {
    site: site.name,
    user: user?.accountId ?? null,
    ...(issue === undefined ? {} : { issue }),
    ...(project === undefined ? {} : { project }),
    ...(page === undefined ? {} : { page }),
    ...(space === undefined ? {} : { space }),
    customData: texts(body.customData),
    params: texts(body.params)
  }
}

function objectOf(value: unknown): Body {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function text(body: Body, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw new PageError(400, `"${name}" has to be a text`)
  return value
}

/** The members that are texts. */
function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}
