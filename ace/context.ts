import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ForgeInvocation } from '../plugins/index.ts'
import type { AceHttpClient } from './http-client.ts'
import type { AceContext, AceForgeContext } from './types.ts'

const replyOf = Symbol('fastify-atlassian/ace reply')
const contextOf = Symbol('fastify-atlassian/ace context')

declare module 'fastify' {
  interface FastifyRequest {
    [replyOf]: FastifyReply | null
    [contextOf]: AceContext | null
  }
}

/** `request.context`: the variables of the page as templates see them, and what else ACE put there. Made when it is read. */
export function decorateWithContext(app: FastifyInstance, client: (request: FastifyRequest) => AceHttpClient): void {
  app.decorateRequest(replyOf, null)
  app.decorateRequest(contextOf, null)
  app.addHook('onRequest', (request, reply, done) => {
    request[replyOf] = reply
    done()
  })
  app.decorateRequest('context', {
    getter(this: FastifyRequest) {
      // What was read before the body told who it is must not stay.
      if (this.tenant === null) return makeContext(this, null)
      this[contextOf] ??= makeContext(this, client(this))
      return this[contextOf]
    }
  })
}

function makeContext(request: FastifyRequest, http: AceHttpClient | null): AceContext {
  const locals: Omit<AceContext, 'http'> = Reflect.get(request[replyOf] ?? {}, 'locals')
  const { clientKey = '', token = '' } = locals ?? {}
  return {
    ...locals,
    clientKey,
    token,
    ...(request.forge === null ? {} : membersOfForge(request, request.forge)),
    http
  }
}

/** A tenant that Connect knows too is associated by the plugin: nothing has to be asked for. */
function membersOfForge({ tenant }: FastifyRequest, forge: ForgeInvocation): Partial<AceContext> {
  const { baseUrl, clientKey } = tenant ?? {}
  return {
    ...(clientKey ? { clientKey } : {}),
    ...(baseUrl ? { hostBaseUrl: baseUrl, hostUrl: new URL(baseUrl).origin } : {}),
    ...(forge.accountId === null ? {} : { userAccountId: forge.accountId }),
    forge: forgeContext(forge)
  }
}

function forgeContext({ tokens, apiBaseUrl, app, installation, context, accountId }: ForgeInvocation): AceForgeContext {
  return {
    tokens: { app: tokens.system, user: tokens.user },
    apiBaseUrl,
    app: { ...app, installationId: installation.id },
    context,
    principal: accountId
  }
}
