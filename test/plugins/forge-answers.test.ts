// What a remote may answer (forge.md 1.4): JSON, and 401 for a refused token only.

import type { FastifyInstance } from 'fastify'
import { AuthenticationError, AuthorizationError } from 'fastify-atlassian'
import t from 'tap'
import { buildForgeApp, type ForgeScene } from '../helpers/forge.ts'

const HTML = { accept: 'text/html' }

function routes(app: FastifyInstance): void {
  const forge = app.atlassian.protect('forge')
  const both = app.atlassian.protect(['page', 'forge'])
  app.get('/fails', forge, async () => {
    throw new Error('what is inside stays inside')
  })
  app.get('/forbids', forge, async () => {
    throw new AuthorizationError('not-yours')
  })
  app.get('/own-401', forge, async (_request, reply) => reply.code(401).send({ message: 'log in first' }))
  app.get('/thrown-401', forge, async () => {
    throw new AuthenticationError('of-another-kind')
  })
  app.get('/html', forge, async (_request, reply) => reply.code(422).type('text/html').send('<h1>No</h1>'))
  app.get('/stream', forge, async (_request, reply) =>
    reply
      .code(500)
      .type('text/plain')
      .send(new Blob(['a long text']).stream())
  )
  app.get('/empty', forge, async (_request, reply) => reply.code(409).send())
  app.get('/problem', forge, async (_request, reply) =>
    reply.code(400).type('application/problem+json; charset=utf-8').send({ title: 'No', status: 400 })
  )
  app.get('/json', forge, async (_request, reply) => reply.code(400).send({ mine: true }))
  app.get('/gone', forge, async (_request, reply) => reply.callNotFound())
  app.get('/text', forge, async (_request, reply) => reply.type('text/csv').send('a,b'))
  app.get('/page-or-forge', both, async () => {
    throw new Error('for both')
  })
}

async function ask(scene: ForgeScene, url: string, headers: Record<string, string> = HTML) {
  const answer = await scene.app.inject(scene.call(await scene.token(), { url, headers }))
  return { answer, status: answer.statusCode, type: String(answer.headers['content-type']).split(';')[0] }
}

t.test('whatever goes wrong in a route of Forge is answered as JSON', async (t) => {
  const scene = await buildForgeApp(t, { routes })
  const expected: Record<string, [number, object]> = {
    '/fails': [500, {}],
    '/forbids': [403, { code: 'ATL_FORBIDDEN' }],
    '/html': [422, { statusCode: 422 }],
    '/stream': [500, { statusCode: 500, error: 'Internal Server Error' }],
    '/empty': [409, { statusCode: 409, error: 'Conflict' }],
    '/problem': [400, { title: 'No', status: 400 }],
    '/json': [400, { mine: true }],
    '/gone': [404, { statusCode: 404 }]
  }
  for (const [url, [status, body]] of Object.entries(expected)) {
    const seen = await ask(scene, url)
    t.same([seen.status, seen.type], [status, 'application/json'], url)
    t.match(seen.answer.json(), body, url)
  }
  t.match(await ask(scene, '/text'), { status: 200, type: 'text/csv' }, 'a success is what the app makes of it')
})

t.test('an error handler and a page for unknown addresses of the app cannot break the contract', async (t) => {
  const scene = await buildForgeApp(t, {
    errorPage: false,
    routes(app) {
      app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
        reply
          .code(error.statusCode ?? 500)
          .type('application/problem+json')
          .send({ title: 'Failed' })
      )
      app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/html').send('<h1>Where?</h1>'))
      routes(app)
    }
  })
  t.match(await ask(scene, '/fails'), { status: 500, type: 'application/json' })
  t.match(await ask(scene, '/gone'), { status: 404, type: 'application/json' })
  const refused = await scene.app.inject({ url: '/fails', headers: { ...HTML, authorization: 'Bearer x' } })
  t.match(refused, { statusCode: 401, headers: { 'content-type': /^application\/json/, 'www-authenticate': 'Bearer' } })
  t.match(refused.json(), { code: 'ATL_UNAUTHENTICATED' })
})

t.test('a 401 of a handler is sent as 403, which does not say that the token was refused', async (t) => {
  const scene = await buildForgeApp(t, { routes })
  for (const url of ['/own-401', '/thrown-401']) {
    const { answer, status, type } = await ask(scene, url)
    t.same([status, type], [403, 'application/json'], url)
    t.match(answer.json(), { statusCode: 403, code: 'ATL_FORBIDDEN' })
  }
  t.match(scene.lines.join(''), /sent as 403/)
})

t.test('on a route for both platforms the contract holds for calls of Forge alone', async (t) => {
  const scene = await buildForgeApp(t, { routes })
  t.match(await ask(scene, '/page-or-forge'), { status: 500, type: 'application/json' })
  const page = await scene.app.inject({ url: '/page-or-forge', headers: HTML })
  t.match(page, { statusCode: 401, headers: { 'content-type': /^text\/html/, 'www-authenticate': 'JWT' } })
  const forge = await scene.app.inject({ url: '/page-or-forge', headers: { ...HTML, authorization: 'Bearer x' } })
  t.match(forge, { statusCode: 401, headers: { 'content-type': /^application\/json/ } })
})

t.test('an answer to a Forge call is kept by nobody', async (t) => {
  const scene = await buildForgeApp(t)
  const { answer } = await ask(scene, '/forge')
  t.match(answer.headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  t.notOk('content-security-policy' in answer.headers)
})
