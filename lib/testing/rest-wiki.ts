import { textOf } from './adf.ts'
import { nextId } from './jira-changes.ts'
import { type ContentOperation, mayOnPage, mayOnSpace } from './permissions.ts'
import { member, type RestCall, type RestResult, type RestRoute, refusal, route, stringMember } from './rest-routes.ts'
import { wikiPermissionRoutes } from './rest-wiki-permissions.ts'
import type { WikiSite } from './site.ts'
import type { WikiPage } from './site-state.ts'
import { commentPage, createPage, deletePage, findPage, updatePage } from './wiki-changes.ts'
import { contentJson, footerCommentJson, pageJson, propertyJson, spaceJson } from './wiki-json.ts'

const PAGES = '/api/v2/pages'

export const wikiRoutes: readonly RestRoute<WikiSite>[] = [
  route('GET /rest/api/content/:id', (site, call, id) =>
    onPage(site, call, id, 'read', (page) => ({ status: 200, body: contentJson(site, page) }))
  ),
  ...wikiPermissionRoutes,
  route('GET /api/v2/spaces', (site, { caller }) => ({
    status: 200,
    body: {
      results: site.state.spaces.filter((space) => mayOnSpace(site.state, caller, space, 'read')).map(spaceJson),
      _links: {}
    }
  })),
  route(`GET ${PAGES}`, (site, { caller }) => ({
    status: 200,
    body: {
      results: site.state.pages
        .filter((page) => mayOnPage(site.state, caller, page, 'read'))
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
  operation: ContentOperation,
  answer: (page: WikiPage) => RestResult
): RestResult {
  const page = findPage(site.state, id ?? '')
  if (page === undefined || !mayOnPage(site.state, call.caller, page, 'read')) {
    return refusal(404, 'The page does not exist, or you may not see it.')
  }
  if (!mayOnPage(site.state, call.caller, page, operation)) {
    return refusal(call.caller === null ? 401 : 403, 'You may not do this with the page.')
  }
  return answer(page)
}

function postPage(site: WikiSite, call: RestCall): RestResult {
  const space = site.state.spaces.find((each) => each.id === stringMember(call.body, 'spaceId'))
  const title = stringMember(call.body, 'title')
  if (space === undefined || title === undefined) return refusal(400, 'A page needs the id of its space and a title.')
  if (!mayOnSpace(site.state, call.caller, space, 'update')) {
    return refusal(call.caller === null ? 401 : 403, 'You may not create pages in this space.')
  }
  const { page, events } = createPage(site.state, space.key, title, bodyOf(call.body) ?? '', call.actor)
  return { status: 200, body: pageJson(site, page, 'storage'), events }
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
