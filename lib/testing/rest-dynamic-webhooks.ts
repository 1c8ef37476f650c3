import { appUrl, reachableBase } from './app-url.ts'
import { parseDynamicJql } from './dynamic-jql.ts'
import { jiraDate } from './jira-json.ts'
import { member, type RestCall, type RestResult, type RestRoute, refusal, route, stringMember } from './rest-routes.ts'
import type { JiraSite } from './site.ts'
import type { SiteEvent } from './site-event.ts'
import type { SiteDynamicWebhook } from './site-state.ts'

const DAY_MS = 86_400_000
const LIFE_MS = 30 * DAY_MS
const MAX_WEBHOOKS = 100
const EVENTS = new Set([
  'jira:issue_created',
  'jira:issue_updated',
  'jira:issue_deleted',
  'comment_created',
  'comment_updated',
  'comment_deleted',
  'issue_property_set',
  'issue_property_deleted'
])

/** Webhooks that an app registers at run time. They end after 30 days of the simulated clock. */
export function dynamicWebhookRoutes(api: string): RestRoute<JiraSite>[] {
  const forApp = (answer: (site: JiraSite, call: RestCall) => RestResult) => (site: JiraSite, call: RestCall) =>
    call.caller === 'app' && site.app !== null ? answer(site, call) : refusal(403, 'Only apps may use this.')
  return [
    route(`GET ${api}/webhook`, forApp(list)),
    route(`POST ${api}/webhook`, forApp(register)),
    route(`PUT ${api}/webhook/refresh`, forApp(refresh)),
    route(`DELETE ${api}/webhook`, forApp(remove))
  ]
}

/** Where an event is to be delivered, and for which webhooks: all of a site have one address. `null`: nowhere. */
export function matchDynamicWebhooks(
  site: JiraSite,
  happened: SiteEvent,
  nowMs: number
): { readonly url: string; readonly ids: readonly number[] } | null {
  const { issue } = happened
  if (issue === undefined) return null
  const fitting = alive(site, nowMs).filter((webhook) => {
    const filter = parseDynamicJql(webhook.jqlFilter)
    if (!webhook.events.includes(happened.event) || typeof filter !== 'function' || !filter(issue)) return false
    if (happened.event.startsWith('issue_property_')) {
      return fits(webhook.issuePropertyKeysFilter, [happened.property?.key ?? ''])
    }
    if (happened.event !== 'jira:issue_updated') return true
    return fits(
      webhook.fieldIdsFilter,
      (happened.changes ?? []).map(({ field }) => field)
    )
  })
  const [first] = fitting
  return first === undefined ? null : { url: first.path, ids: fitting.map(({ id }) => id) }
}

function fits(wanted: readonly string[] | null, found: readonly string[]): boolean {
  return wanted === null || found.some((one) => wanted.includes(one))
}

/** What has ended is forgotten. */
function alive(site: JiraSite, nowMs: number): SiteDynamicWebhook[] {
  const { dynamicWebhooks } = site.state
  const living = dynamicWebhooks.filter(({ expiresAtMs }) => expiresAtMs > nowMs)
  dynamicWebhooks.splice(0, dynamicWebhooks.length, ...living)
  return dynamicWebhooks
}

function list(site: JiraSite, { query, actor }: RestCall): RestResult {
  const all = alive(site, actor.nowMs)
  const startAt = Math.max(0, Number(query.get('startAt') ?? 0) || 0)
  const maxResults = Math.min(100, Math.max(1, Number(query.get('maxResults') ?? 100) || 100))
  const values = all.slice(startAt, startAt + maxResults).map((webhook) => ({
    id: webhook.id,
    jqlFilter: webhook.jqlFilter,
    ...(webhook.fieldIdsFilter === null ? {} : { fieldIdsFilter: webhook.fieldIdsFilter }),
    ...(webhook.issuePropertyKeysFilter === null ? {} : { issuePropertyKeysFilter: webhook.issuePropertyKeysFilter }),
    events: webhook.events,
    expirationDate: jiraDate(webhook.expiresAtMs)
  }))
  const isLast = startAt + values.length >= all.length
  return { status: 200, body: { maxResults, startAt, total: all.length, isLast, values } }
}

function register(site: JiraSite, { body, actor }: RestCall): RestResult {
  const all = alive(site, actor.nowMs)
  const path = ownPath(site, stringMember(body, 'url') ?? '')
  if (path === null) return refusal(400, 'The URL must use the same base URL as the app.')
  if (all.some((webhook) => webhook.path !== path)) return refusal(400, 'Only a single URL per app is allowed.')
  const wanted = member(body, 'webhooks')
  if (!Array.isArray(wanted) || wanted.length === 0) return refusal(400, 'Webhooks are missing.')
  if (all.length + wanted.length > MAX_WEBHOOKS) return refusal(400, `An app may have ${MAX_WEBHOOKS} webhooks here.`)
  const results = wanted.map((one: unknown) => {
    const errors = problemsOf(one)
    if (errors.length > 0) return { errors }
    const id = site.state.nextId++
    all.push({
      id,
      path,
      events: textsOf(one, 'events') ?? [],
      jqlFilter: stringMember(one, 'jqlFilter') ?? '',
      fieldIdsFilter: textsOf(one, 'fieldIdsFilter'),
      issuePropertyKeysFilter: textsOf(one, 'issuePropertyKeysFilter'),
      expiresAtMs: actor.nowMs + LIFE_MS
    })
    return { createdWebhookId: id }
  })
  return { status: 200, body: { webhookRegistrationResult: results } }
}

function problemsOf(wanted: unknown): string[] {
  const events = textsOf(wanted, 'events') ?? []
  const filter = parseDynamicJql(stringMember(wanted, 'jqlFilter') ?? '')
  return [
    ...(events.length === 0 ? ['Events are missing'] : []),
    ...events.filter((event) => !EVENTS.has(event)).map((event) => `The event ${event} is unsupported`),
    ...(typeof filter === 'function' ? [] : [filter.error])
  ]
}

function refresh(site: JiraSite, { body, actor }: RestCall): RestResult {
  const ids = idsOf(body)
  if (ids === null) return refusal(400, 'The ids of webhooks are missing.')
  const expiresAtMs = actor.nowMs + LIFE_MS
  for (const webhook of alive(site, actor.nowMs)) if (ids.has(webhook.id)) webhook.expiresAtMs = expiresAtMs
  return { status: 200, body: { expirationDate: jiraDate(expiresAtMs) } }
}

function remove(site: JiraSite, { body, actor }: RestCall): RestResult {
  const ids = idsOf(body)
  if (ids === null) return refusal(400, 'The ids of webhooks are missing.')
  const all = alive(site, actor.nowMs)
  all.splice(0, all.length, ...all.filter(({ id }) => !ids.has(id)))
  return { status: 202 }
}

/** The part of the address below the app's base URL. */
function ownPath({ app }: JiraSite, url: string): string | null {
  if (app === null || !URL.canParse(url)) return null
  const declared = URL.canParse(app.descriptor.baseUrl) ? app.descriptor.baseUrl : reachableBase(app)
  const base = declared.replace(/\/+$/, '')
  if (!url.startsWith(`${base}/`)) return null
  return appUrl(app, url.slice(base.length)).signed
}

function idsOf(body: unknown): ReadonlySet<unknown> | null {
  const ids = member(body, 'webhookIds')
  return Array.isArray(ids) && ids.length > 0 ? new Set(ids) : null
}

function textsOf(value: unknown, name: string): string[] | null {
  const texts = member(value, name)
  return Array.isArray(texts) ? texts.filter((one) => typeof one === 'string') : null
}
