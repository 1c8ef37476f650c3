import type { FastifyRequest } from 'fastify'
import { type Product, requireAtlassian } from 'fastify-atlassian'

/** Who calls, for which customer, and what the page in front of them is about. All of it is signed by the host. */
export interface Caller {
  readonly tenantId: string
  readonly product: Product
  /** Null for an anonymous visitor. */
  readonly accountId: string | null
  /** Id of the issue or page. */
  readonly subject: string | undefined
}

/** The one place of this app that tells a Connect page from a front end of Forge. */
export function callerOf(request: FastifyRequest): Caller {
  const context = requireAtlassian(request)
  const { tenantId } = context.tenant
  if (context.platform === 'connect') {
    const { accountId, context: place } = context.connect
    const id = place.jira?.issue?.id ?? place.confluence?.content?.id
    const subject = id === undefined ? undefined : String(id)
    return { tenantId, product: context.tenant.product, accountId, subject }
  }
  const { accountId, product, context: place } = context.forge
  const { issue, content } = place?.extension ?? {}
  return {
    tenantId,
    product: product === 'confluence' ? 'confluence' : 'jira',
    accountId,
    subject: idOf(issue) ?? idOf(content)
  }
}

function idOf(thing: unknown): string | undefined {
  return typeof thing === 'object' && thing !== null && 'id' in thing ? String(thing.id) : undefined
}
