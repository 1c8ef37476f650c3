import { textOf } from './adf.ts'
import { nextId } from './jira-changes.ts'
import { mayOnSpace, spaceOf } from './permissions.ts'
import {
  type Caller,
  member,
  type RestCall,
  type RestResult,
  type RestRoute,
  refusal,
  route,
  stringMember
} from './rest-routes.ts'
import type { WikiSite } from './site.ts'
import type { WikiPage } from './site-state.ts'
import { findUser } from './users.ts'
import { commentPage, createPage, deletePage, findPage, updatePage } from './wiki-changes.ts'
import { contentJson, footerCommentJson, pageJson, propertyJson, spaceJson } from './wiki-json.ts'

const PAGES = '/api/v2/pages'

export const wikiRoutes: readonly RestRoute<WikiSite>[] = [
  route('GET /rest/api/content/:id', (site, call, id) =>
    onPage(site, call, id, 'read', (page) => ({ status: 200, body: contentJson(site, page) }))
  ),
  route('POST /rest/api/content/:id/permission/check', checkContentPermission),
  route('GET /rest/api/user', (_site, { query }) => userAnswer(findUser(query.get('accountId')) ?? null)),
  route('GET /rest/api/user/current', (_site, { caller }) => userAnswer(caller)),
  route('GET /api/v2/spaces', (site, { caller }) => ({
    status: 200,
    body: { results: site.state.spaces.filter((space) => mayOnSpace(caller, space, 'read')).map(spaceJson), _links: {} }
  })),
  route(`GET ${PAGES}`, (site, { caller }) => ({
    status: 200,
    body: {
      results: site.state.pages
        .filter((page) => {
          const space = spaceOf(site.state, page)
          return space !== undefined && mayOnSpace(caller, space, 'read')
        })
        .map((page) => pageJson(site, page, null)),
      _links: {}
    }
  })),
  route(`POST ${PAGES}`, postPage),
  route(`GET ${PAGES}/:id`, (site, call, id) =>
    onPage(site, call, id, 'read', (page) => ({
      status: 200,
      body: pageJson(site, page, call.query.get('body-format'))
    }))
  ),
  route(`PUT ${PAGES}/:id`, (site, call, id) =>
    onPage(site, call, id, 'update', (page) => {
      const expected = page.version + 1
      if (member(call.body, 'version', 'number') !== expected) {
        return refusal(409, `The version has to be ${expected}.`)
      }
      const change = { title: stringMember(call.body, 'title'), body: bodyOf(call.body) }
      const events = updatePage(page, change, call.actor)
      return { status: 200, body: pageJson(site, page, 'storage'), events }
    })
  ),
  route(`DELETE ${PAGES}/:id`, (site, call, id) =>
    onPage(site, call, id, 'delete', (page) => ({ status: 204, events: deletePage(site.state, page, call.actor) }))
  ),
  route(`GET ${PAGES}/:id/properties`, (site, call, id) =>
    onPage(site, call, id, 'read', (page) => {
      const wanted = call.query.get('key')
      const results = [...page.properties].filter(([key]) => wanted === null || key === wanted)
      return {
        status: 200,
        body: { results: results.map(([key, property]) => propertyJson(key, property)), _links: {} }
      }
    })
  ),
  route(`POST ${PAGES}/:id/properties`, (site, call, id) =>
    onPage(site, call, id, 'update', (page) => {
      const key = stringMember(call.body, 'key')
      if (key === undefined || key === '') return refusal(400, 'The property needs a key.')
      if (page.properties.has(key)) return refusal(409, 'The property exists already.')
      const property = { id: nextId(site.state), value: member(call.body, 'value'), version: 1 }
      page.properties.set(key, property)
      return { status: 200, body: propertyJson(key, property) }
    })
  ),
  route(`PUT ${PAGES}/:id/properties/:property`, (site, call, id, propertyId) =>
    onPage(site, call, id, 'update', (page) => {
      const found = [...page.properties].find(([, property]) => property.id === propertyId)
      if (found === undefined) return refusal(404, 'The property does not exist.')
      const [key, before] = found
      if (member(call.body, 'version', 'number') !== before.version + 1) {
        return refusal(409, `The version has to be ${before.version + 1}.`)
      }
      const property = { ...before, value: member(call.body, 'value'), version: before.version + 1 }
      page.properties.set(key, property)
      return { status: 200, body: propertyJson(key, property) }
    })
  ),
  route(`DELETE ${PAGES}/:id/properties/:property`, (site, call, id, propertyId) =>
    onPage(site, call, id, 'update', (page) => {
      const key = [...page.properties].find(([, property]) => property.id === propertyId)?.[0]
      return key !== undefined && page.properties.delete(key)
        ? { status: 204 }
        : refusal(404, 'The property does not exist.')
    })
  ),
  route(`GET ${PAGES}/:id/footer-comments`, (site, call, id) =>
    onPage(site, call, id, 'read', (page) => ({
      status: 200,
      body: { results: page.comments.map((comment) => footerCommentJson(page, comment)), _links: {} }
    }))
  ),
  route('POST /api/v2/footer-comments', (site, call) =>
    onPage(site, call, stringMember(call.body, 'pageId'), 'read', (page) => {
      if (call.caller === null) return refusal(401, 'Log in first.')
      const text = bodyOf(call.body) ?? ''
      if (text.trim() === '') return refusal(400, 'The comment is empty.')
      const { comment, events } = commentPage(site.state, page, text, call.actor)
      return { status: 201, body: footerCommentJson(page, comment), events }
    })
  )
]

function onPage(
  site: WikiSite,
  call: RestCall,
  id: string | undefined,
  operation: 'read' | 'update' | 'delete',
  answer: (page: WikiPage) => RestResult
): RestResult {
  const page = findPage(site.state, id ?? '')
  const space = page && spaceOf(site.state, page)
  if (page === undefined || space === undefined || !mayOnSpace(call.caller, space, 'read')) {
    return refusal(404, 'The page does not exist, or you may not see it.')
  }
  if (!mayOnSpace(call.caller, space, operation)) {
    return refusal(call.caller === null ? 401 : 403, 'You may not do this with the page.')
  }
  return answer(page)
}

function postPage(site: WikiSite, call: RestCall): RestResult {
  const space = site.state.spaces.find((each) => each.id === stringMember(call.body, 'spaceId'))
  const title = stringMember(call.body, 'title')
  if (space === undefined || title === undefined) return refusal(400, 'A page needs the id of its space and a title.')
  if (!mayOnSpace(call.caller, space, 'update')) {
    return refusal(call.caller === null ? 401 : 403, 'You may not create pages in this space.')
  }
  const { page, events } = createPage(site.state, space.key, title, bodyOf(call.body) ?? '', call.actor)
  return { status: 200, body: pageJson(site, page, 'storage'), events }
}

/** `{ subject: { type: 'user', identifier }, operation }`: what one user may do with one page. */
function checkContentPermission(site: WikiSite, call: RestCall, id?: string): RestResult {
  const page = findPage(site.state, id ?? '')
  const space = page && spaceOf(site.state, page)
  if (space === undefined) return refusal(404, 'The page does not exist.')
  const operation = stringMember(call.body, 'operation')
  const subject = stringMember(call.body, 'subject', 'identifier')
  if (!isOperation(operation) || subject === undefined) return refusal(400, 'Name a subject and an operation.')
  const user = stringMember(call.body, 'subject', 'type') === 'user' ? (findUser(subject) ?? null) : null
  return { status: 200, body: { hasPermission: mayOnSpace(user, space, operation), errors: [] } }
}

function isOperation(value: string | undefined): value is 'read' | 'update' | 'delete' {
  return value === 'read' || value === 'update' || value === 'delete'
}

/** `body` of version 2: `{ representation, value }`, or an Atlassian document as text. */
function bodyOf(body: unknown): string | undefined {
  const value = stringMember(body, 'body', 'value') ?? stringMember(body, 'body', 'storage', 'value')
  const representation = stringMember(body, 'body', 'representation')
  if (value === undefined || representation !== 'atlas_doc_format') return value
  try {
    return textOf(JSON.parse(value))
  } catch {
    return value
  }
}

function userAnswer(user: Caller): RestResult {
  if (user === null) return refusal(404, 'No such user.')
  if (user === 'app') return { status: 200, body: { type: 'known', accountType: 'app', operations: [] } }
  const allowed = user.admin ? ['use', 'administer', 'create_space'] : ['use']
  return {
    status: 200,
    body: {
      type: 'known',
      accountId: user.accountId,
      accountType: 'atlassian',
      publicName: user.name,
      displayName: user.name,
      operations: allowed.map((operation) => ({ operation, targetType: 'application' }))
    }
  }
}
