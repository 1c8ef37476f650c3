import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AtlassianError, OptionError } from '../plugins/index.ts'

interface RenderingReply {
  viewAsync(template: string, data?: object): Promise<string>
}

/** Names of Express that an app of ACE uses and Fastify calls otherwise, on requests and replies of this scope. */
export function decorateWithExpressNames(app: FastifyInstance): void {
  app.decorateRequest('get', header)
  app.decorateRequest('header', header)
  app.decorateReply('render', render)
  app.decorateReply('json', function json(this: FastifyReply, value: unknown) {
    return this.type('application/json; charset=utf-8').send(JSON.stringify(value))
  })
  app.decorateReply('end', function end(this: FastifyReply, body?: string | Uint8Array) {
    return this.send(body)
  })
  app.decorateReply('sendStatus', function sendStatus(this: FastifyReply, status: number) {
    return this.code(status)
      .type('text/plain; charset=utf-8')
      .send(STATUS_CODES[status] ?? String(status))
  })
  app.decorateReply('set', setHeader)
  app.decorateReply('setHeader', setHeader)
}

function header(this: FastifyRequest, name: string): string | undefined {
  const value = this.headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

function setHeader(this: FastifyReply, name: string, value: string | number | readonly string[]): FastifyReply {
  return this.header(name, value)
}

function render(this: FastifyReply, template: string, data?: object): FastifyReply {
  if (!canRender(this)) {
    throw new OptionError('views', undefined, 'response.render needs it, or the plugin @fastify/view')
  }
  // Names of templates are often put together from what a request says.
  if (typeof template !== 'string' || LEADS_OUT.test(template)) {
    throw new OptionError('response.render', undefined, 'it takes the name of a template below the folder of the views')
  }
  this.viewAsync(template, data).then(
    (html) => this.type('text/html; charset=utf-8').send(html),
    (error: unknown) =>
      this.send(error instanceof Error ? withoutPath(error) : new AtlassianError('ATL_OPTION', 'view'))
  )
  return this
}

const LEADS_OUT = /(?:^|[\\/])\.\.(?:[\\/]|$)/

/** The message of a file that is not there names its whole path, and Fastify shows messages to the caller. */
function withoutPath(error: Error): Error {
  if (!('code' in error) || error.code !== 'ENOENT') return error
  return new AtlassianError('ATL_OPTION', 'view', {}, { message: 'There is no such template', cause: error })
}

function canRender(reply: FastifyReply): reply is FastifyReply & RenderingReply {
  return 'viewAsync' in reply && typeof reply.viewAsync === 'function'
}
