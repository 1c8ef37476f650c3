import { commentJson, issueJson } from '../jira-json.ts'
import { contextOf } from '../page-context.ts'
import type { Site } from '../site.ts'
import type { SiteEvent } from '../site-event.ts'
import type { WikiPage } from '../site-state.ts'
import { bareId, type Installation, siteAri } from './installations.ts'

/** The body of a product event, without its name. What is not known gets a plausible value. */
export function productPayload(site: Site, happened: Omit<SiteEvent, 'event'>): Record<string, unknown> {
  const { actor, changes, comment } = happened
  const by = actor === null ? {} : { atlassianId: actor }
  if (site.product === 'jira') {
    const issue = happened.issue ?? site.state.issues[0]
    if (issue === undefined) return by
    return {
      issue: issueJson(site, issue, '3'),
      ...by,
      ...(changes === undefined ? {} : { changelog: { items: changes.map(changeItem) } }),
      ...(comment === undefined ? {} : { comment: commentJson(site, issue, comment, '3') })
    }
  }
  const page = happened.page ?? site.state.pages[0]
  if (page === undefined) return by
  const content = contentOf(site, page)
  if (comment === undefined) return { content, ...by }
  return { content: { id: comment.id, type: 'comment', status: 'current', container: content }, ...by }
}

function changeItem({ field, from, to }: NonNullable<SiteEvent['changes']>[number]): object {
  return { field, fieldId: field, fieldtype: 'jira', from: null, fromString: from, to: null, toString: to }
}

function contentOf(site: Site, page: WikiPage): object {
  const { space } = contextOf(site, { page })
  return {
    id: page.id,
    type: 'page',
    status: 'current',
    title: page.title,
    ...(space === undefined ? {} : { space: { id: space.id, key: space.key, name: space.name } })
  }
}

/** The body of `avi:forge:installed:app` and `avi:forge:upgraded:app`: bare UUIDs, unlike the token. */
export function lifecyclePayload(
  event: 'installed' | 'upgraded',
  installation: Installation,
  appId: string,
  accountId: string
): Record<string, unknown> {
  return {
    id: bareId(installation.id),
    [event === 'installed' ? 'installerAccountId' : 'upgraderAccountId']: accountId,
    app: { id: appId, version: installation.appVersion, name: 'Simulated app', ownerAccountId: accountId },
    environment: { id: bareId(installation.environment.id) },
    context: siteAri(installation.sites[0])
  }
}
