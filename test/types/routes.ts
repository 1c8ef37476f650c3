import type { FastifyInstance } from 'fastify'
import type { PolicyOption } from 'fastify-atlassian'

const handler = async () => 'ok'

/** How a route may state its policy, and how it may not. Checked by the compiler only. */
export function routes(app: FastifyInstance): void {
  app.get('/config', { config: { atlassian: { auth: 'context' } } }, handler)
  app.get('/config-list', { config: { atlassian: { auth: ['page', 'session'] } } }, handler)
  app.post('/lifecycle', { config: { atlassian: { auth: 'lifecycle', event: 'uninstalled' } } }, handler)
  app.get('/protect', app.atlassian.protect('session'), handler)
  app.get('/protect-and-more', { ...app.atlassian.protect(['page', 'context']), logLevel: 'warn' }, handler)
  app.get('/hook', { onRequest: app.atlassian.authenticate('page') }, handler)
  app.get('/hooks', { onRequest: [app.atlassian.authenticate('none')] }, handler)

  // @ts-expect-error there is no such policy
  app.get('/unknown', { config: { atlassian: { auth: 'open' } } }, handler)
  // @ts-expect-error there is no such policy
  app.atlassian.protect('public')
  // @ts-expect-error a list is for tokens of a page
  app.atlassian.protect(['page', 'webhook'])
  // @ts-expect-error public is all or nothing
  app.atlassian.authenticate(['none', 'page'])
  // @ts-expect-error a policy cannot be switched off
  app.get('/off', { config: { atlassian: { auth: false } } }, handler)
  // @ts-expect-error there is no such event
  app.post('/event', { config: { atlassian: { auth: 'lifecycle', event: 'renamed' } } }, handler)
  // @ts-expect-error it is the plugin's
  app.atlassian = null

  const policies: PolicyOption[] = [
    'page',
    'context',
    'session',
    'webhook',
    'lifecycle',
    'none',
    ['context', 'page'],
    'forge',
    ['context', 'forge']
  ]
  for (const policy of policies) app.atlassian.protect(policy)

  app.get('/frame', async (_request, reply) => {
    const nonce: string = reply.scriptNonce
    // @ts-expect-error a nonce is made, not given
    reply.scriptNonce = 'known'
    return nonce
  })
}

/** Requirements by name, with room for an app's own permissions, and resolvers that know their route. */
export function authorization(app: FastifyInstance): void {
  const { authorizeJira, authorizeConfluence, protect } = app.atlassian
  const admin = authorizeJira({ global: ['ADMINISTER', 'app-key__brew'], project: 'app-key__pour' })
  app.get('/admin', { ...protect('page'), preHandler: admin }, handler)
  app.get('/early', { onRequest: [app.atlassian.authenticate('context'), admin] }, handler)
  app.get<{ Params: { id: string } }>(
    '/issues/:id',
    { preHandler: authorizeJira({ issue: ['EDIT_ISSUES'], issueId: ({ params }) => params.id }) },
    async (request) => {
      const issueId: string | null | undefined = request.authorized?.issueId
      // @ts-expect-error what was checked is not changed
      request.authorized = null
      const mine: number[] = await request.filterAllowed([1, 2], ['BROWSE_PROJECTS'])
      return [issueId, mine]
    }
  )
  authorizeConfluence({ application: ['use'], space: 'administer', content: ['read', 'update'] })
  authorizeConfluence<{ Body: { page: number } }>({ content: 'read', contentId: ({ body }) => body.page })

  // @ts-expect-error the body has no such member
  authorizeConfluence<{ Body: { page: number } }>({ content: 'read', contentId: ({ body }) => body.pages })
  // @ts-expect-error contents know three operations
  authorizeConfluence({ content: 'administer' })
  // @ts-expect-error there is no such requirement
  authorizeJira({ application: ['administer'] })
  // @ts-expect-error an id is found by a function
  authorizeJira({ issue: 'EDIT_ISSUES', issueId: '10001' })
}
