import { createManifest } from 'fastify-atlassian/core'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('the app tells its routes with their policies, as a manifest wants them', async (t) => {
  const { app } = await buildApp(t)
  const routes = app.atlassian.routes()
  t.match(
    routes.filter(({ url }) => ['/mixed', '/hook', '/panel'].includes(url)),
    [
      { method: ['POST'], url: '/hook', policy: 'webhook' },
      { method: ['GET', 'POST'], url: '/panel', policy: 'page' },
      { method: ['GET'], url: '/mixed', policy: ['page', 'context', 'session'] },
      { method: ['HEAD'], url: '/mixed' }
    ]
  )
  const { notes } = createManifest({ descriptor: app.atlassian.descriptor, routes })
  const fields = notes.filter(({ code }) => code === 'route-not-forge').map(({ field }) => field)
  t.ok(fields.includes('GET /mixed') && !fields.includes('POST /hook'))
})
