import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('a scope that is made public late does not open the routes that it has already', async (t) => {
  const { app } = await buildApp(t, {
    routes(app) {
      app.register(async (scope) => {
        scope.get('/before', async () => 'in')
        app.atlassian.publicScope(scope)
        scope.get('/after', async () => 'in')
      })
    }
  })
  t.equal((await app.inject('/before')).statusCode, 401)
  t.equal((await app.inject('/after')).statusCode, 200)
})

t.test('whatever the own serializer of an app prints, a token is not in it', async (t) => {
  const req = (request: never) => {
    const { url, query, headers } = request as { url: string; query: object; headers: object }
    return { url, query, headers, list: [{ deep: { jwt: 'ey.secret' } }, url] }
  }
  const { app, host, lines } = await buildApp(t, { serializers: { req } })
  await host.install(app)
  const page = new URL(await host.pageUrl('panel'))
  t.equal((await app.inject(`${page.pathname}${page.search}`)).statusCode, 200)
  const token = page.searchParams.get('jwt') ?? ''
  t.ok(token.length > 50)
  t.notOk(lines.some((line) => line.includes(token.slice(-20)) || line.includes('ey.secret')))
})
