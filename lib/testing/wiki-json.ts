import type { WikiSite } from './site.ts'
import type { SiteComment, WikiPage, WikiSpace } from './site-state.ts'

/** Content as version 1 of the REST API shows it. */
export function contentJson(site: WikiSite, page: WikiPage): object {
  const space = site.state.spaces.find((each) => each.key === page.spaceKey)
  return {
    id: page.id,
    type: 'page',
    status: 'current',
    title: page.title,
    space: space === undefined ? null : { id: Number(space.id), key: space.key, name: space.name, type: 'global' },
    version: { number: page.version, when: new Date(page.updatedAtMs).toISOString() },
    body: { storage: { value: page.body, representation: 'storage' } },
    _links: { self: `${site.baseUrl}/rest/api/content/${page.id}`, webui: `/spaces/${page.spaceKey}/pages/${page.id}` }
  }
}

/** A page as version 2 shows it; the body only when it is asked for. */
export function pageJson(site: WikiSite, page: WikiPage, bodyFormat: string | null): object {
  return {
    id: page.id,
    status: 'current',
    title: page.title,
    spaceId: site.state.spaces.find((each) => each.key === page.spaceKey)?.id ?? null,
    parentId: null,
    authorId: page.author,
    createdAt: new Date(page.createdAtMs).toISOString(),
    version: { number: page.version, createdAt: new Date(page.updatedAtMs).toISOString(), authorId: page.author },
    body: bodyFormat === 'storage' ? { storage: { value: page.body, representation: 'storage' } } : {},
    _links: { webui: `/spaces/${page.spaceKey}/pages/${page.id}`, base: site.baseUrl }
  }
}

export function spaceJson(space: WikiSpace): object {
  return { id: space.id, key: space.key, name: space.name, type: 'global', status: 'current' }
}

export function footerCommentJson(page: WikiPage, comment: SiteComment): object {
  return {
    id: comment.id,
    status: 'current',
    title: `Re: ${page.title}`,
    pageId: page.id,
    version: { number: 1, createdAt: new Date(comment.createdAtMs).toISOString(), authorId: comment.author },
    body: { storage: { value: comment.text, representation: 'storage' } }
  }
}

export function propertyJson(key: string, property: { id: string; value: unknown; version: number }): object {
  return { id: property.id, key, value: property.value, version: { number: property.version } }
}

/** A page inside a webhook: numbers where REST has strings. */
export function hookPageJson(site: WikiSite, page: WikiPage): object {
  return {
    id: Number(page.id),
    idAsString: page.id,
    title: page.title,
    spaceKey: page.spaceKey,
    creatorAccountId: page.author,
    lastModifierAccountId: page.author,
    creationDate: page.createdAtMs,
    modificationDate: page.updatedAtMs,
    version: page.version,
    contentType: 'page',
    self: `${site.baseUrl}/spaces/${page.spaceKey}/pages/${page.id}`
  }
}
