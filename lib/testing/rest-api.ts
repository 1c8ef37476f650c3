import { appPropertyRoutes } from './rest-app-properties.ts'
import { dynamicModuleRoutes } from './rest-dynamic-modules.ts'
import { jiraRoutes } from './rest-jira.ts'
import { answerRest, type Caller, type RestCall, type RestResult, refusal } from './rest-routes.ts'
import { wikiRoutes } from './rest-wiki.ts'
import type { Site } from './site.ts'
import type { RestAnswer, RestRequest } from './types.ts'

export interface RestOutcome {
  readonly answer: RestAnswer
  readonly events: NonNullable<RestResult['events']>
}

/** Answers one REST call from the site's state. Who calls is decided before. */
export function callRest(site: Site, request: RestRequest, caller: Caller, nowMs: number): RestOutcome {
  const url = new URL(request.path, site.origin)
  const hasBody = request.body !== undefined && request.body !== ''
  if (hasBody && (request.method === 'GET' || request.method === 'HEAD')) {
    return outcomeOf(refusal(403, 'A GET request must not have a body.'))
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  )
  const isForm = hasBody && /^multipart\//i.test(headers['content-type'] ?? '')
  const body = hasBody && !isForm ? parseJson(request.body ?? '') : undefined
  if (hasBody && !isForm && body === undefined) return outcomeOf(refusal(400, 'The body is not valid JSON.'))
  const accountId = caller === 'app' || caller === null ? null : caller.accountId
  const call: RestCall = {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
    form: isForm ? (request.body ?? '') : null,
    caller,
    actor: { accountId, nowMs }
  }
  return outcomeOf(answerOn(site, call))
}

function answerOn(site: Site, call: RestCall): RestResult {
  if (call.path.startsWith('/rest/atlassian-connect/')) {
    return answerRest([...appPropertyRoutes, ...dynamicModuleRoutes], site, call)
  }
  return site.product === 'jira' ? answerRest(jiraRoutes, site, call) : answerRest(wikiRoutes, site, call)
}

function outcomeOf(result: RestResult): RestOutcome {
  const json = result.body !== undefined
  const answer: RestAnswer = {
    status: result.status,
    headers: json ? { 'content-type': 'application/json;charset=UTF-8' } : {},
    body: json ? JSON.stringify(result.body) : ''
  }
  return { answer, events: result.events ?? [] }
}

/** Undefined for what is not JSON; no JSON value is undefined. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
