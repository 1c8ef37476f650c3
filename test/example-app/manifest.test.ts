import { checkManifest, createManifest } from 'fastify-atlassian/core'
import t from 'tap'
import { manifest } from '../../example-app/forge.ts'
import { installedExample } from './setup.ts'

t.test('the manifest fits the app, its descriptor and its routes', async (t) => {
  const { app } = await installedExample(t, ':memory:')
  const { descriptor } = app.atlassian
  t.same(checkManifest(manifest, { descriptor, routes: app.atlassian.routes() }), [])

  const routes = app.atlassian.routes().filter(({ url }) => url !== '/forge/scheduled')
  t.match(checkManifest(manifest, { descriptor, routes }), [{ severity: 'error' }], 'a route that is missing is found')
})

t.test('the command would write it again, but for what was done by hand', async (t) => {
  const { app } = await installedExample(t, ':memory:')
  const { manifest: made } = createManifest({
    descriptor: app.atlassian.descriptor,
    routes: app.atlassian.routes(),
    forge: {
      appId: manifest.app.id,
      scopes: ['read:jira-work', 'write:jira-work', 'read:page:confluence', 'write:comment:confluence'],
      triggers: [
        {
          events: [
            'avi:jira:updated:issue',
            'avi:jira:deleted:issue',
            'avi:confluence:updated:page',
            'avi:confluence:trashed:page',
            'avi:confluence:deleted:page'
          ],
          path: '/forge/events'
        }
      ],
      schedules: [{ interval: 'hour', path: '/forge/scheduled' }]
    }
  })
  t.same(made.app, manifest.app)
  t.same(made.permissions, manifest.permissions)
  t.match(manifest.modules, made.modules)
  const byHand = ['adminPages', 'generalPages', 'dialogs', 'dynamicContentMacros'].map((type) => `confluence:${type}`)
  const connectModules = Object.entries(Object(made.connectModules)).filter(([type]) => !byHand.includes(type))
  t.same(Object.fromEntries(connectModules), manifest.connectModules)
})
