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
