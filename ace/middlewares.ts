import type { FastifyInstance } from 'fastify'
import {
  type AuthenticateHook,
  type ConfluenceRequirements,
  type JiraRequirements,
  OptionError,
  type PolicyOption
} from '../plugins/index.ts'
import { createPlacement } from './placement.ts'
import type { AceConfluencePermissions, AceJiraPermissions, AceMiddleware, Addon } from './types.ts'

type Middlewares = Pick<
  Addon,
  | 'authenticate'
  | 'checkValidToken'
  | 'authenticateInstall'
  | 'verifyInstallation'
  | 'authenticateForge'
  | 'associateConnect'
  | 'authorizeJira'
  | 'authorizeConfluence'
>

/**
 * ACE's middlewares as policies: what they return is read when a route is declared, and the plugin decides by it before
 * anything of the app runs. So it does not matter where in the list of a route they stand.
 */
export function createMiddlewares(app: FastifyInstance): Middlewares {
  const placement = createPlacement(app)
  const { atlassian } = app

  function policy(option: PolicyOption, name: string): AceMiddleware {
    const hook: AuthenticateHook = atlassian.authenticate(option)
    return placement.remember(hook, name)
  }

  return {
    authenticate: (acceptContextTokens = false) =>
      acceptContextTokens
        ? policy(['context', 'session'], 'addon.authenticate(true)')
        : policy('page', 'addon.authenticate()'),
    checkValidToken: () => policy(['context', 'session'], 'addon.checkValidToken()'),
    authenticateInstall: () => policy('lifecycle', 'addon.authenticateInstall()'),
    verifyInstallation: () => policy('lifecycle', 'addon.verifyInstallation()'),
    authenticateForge: () => policy('forge', 'addon.authenticateForge()'),
    associateConnect: () => associateConnect(app, placement.remember),
    authorizeJira: (permissions) => placement.remember(hookForJira(app, permissions), 'addon.authorizeJira()'),
    authorizeConfluence: (permissions) =>
      placement.remember(hookForConfluence(app, permissions), 'addon.authorizeConfluence()')
  }
}

/** Nothing is left to do, but a route that Forge cannot call would not have what its author expects. */
function associateConnect(
  app: FastifyInstance,
  remember: (hook: AceMiddleware, name: string) => AceMiddleware
): AceMiddleware {
  const hook: AceMiddleware = (_request, _response, next) => next()
  app.addHook('onRoute', (route) => {
    if (![route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat().includes(hook as never))
      return
    const policy = route.config?.atlassian?.auth
    if (![policy].flat().includes('forge')) {
      throw new OptionError(
        'addon.associateConnect()',
        undefined,
        `${route.url} has to be a route of addon.authenticateForge()`
      )
    }
  })
  return remember(hook, 'addon.associateConnect()')
}

function hookForJira(app: FastifyInstance, { project, global }: AceJiraPermissions): AceMiddleware {
  const wanted = { ...(project?.length ? { project } : {}), ...(global?.length ? { global } : {}) }
  return app.atlassian.authorizeJira(wanted as JiraRequirements) as AceMiddleware
}

function hookForConfluence(app: FastifyInstance, { application, content }: AceConfluencePermissions): AceMiddleware {
  const wanted = { ...(application?.length ? { application } : {}), ...(content === undefined ? {} : { content }) }
  return app.atlassian.authorizeConfluence(wanted as ConfluenceRequirements) as AceMiddleware
}
