import { createManifest } from 'fastify-atlassian/core'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('the app tells its routes with their policies, as a manifest wants them', async (t) => {
  const { app } = await buildApp(t)
  const routes = app.atlassian.routes()
  const told = routes.map(({ method, url, policy }) => `${[method].flat()} ${url} ${[policy].flat()}`)
  for (const route of ['POST /hook webhook', 'GET,POST /panel page', 'GET /mixed page,context,session']) {
    t.ok(told.includes(route), route)
  }
  const { notes } = createManifest({ descriptor: app.atlassian.descriptor, routes })
  const fields = notes.filter(({ code }) => code === 'route-not-forge').map(({ field }) => field)
  t.ok(fields.includes('GET /mixed') && !fields.includes('POST /hook'))
})
