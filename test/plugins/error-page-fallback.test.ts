import t from 'tap'
import { buildApp } from '../helpers/app.ts'

const views = { root: new URL('./views', import.meta.url).pathname }

t.test('a template that cannot be rendered shows our small page, and its path to nobody', async (t) => {
  const { app, lines } = await buildApp(t, { views, errorPage: { template: 'there-is-none.hbs' } })
  const answer = await app.inject({ url: '/panel', headers: { accept: 'text/html' } })
  t.equal(answer.statusCode, 401)
  t.match(answer.headers['content-type'], /^text\/html/)
  t.match(answer.body, /ATL_UNAUTHENTICATED/)
  t.notMatch(answer.body, /there-is-none|ENOENT|\/views/)
  t.ok(lines.some((line) => line.includes('error page failed')))
})

t.test(
  'an error page without anything that renders it stops the start, and so does data that is no object',
  async (t) => {
    await t.rejects(buildApp(t, { errorPage: { template: 'error.hbs' } }), {
      code: 'ATL_OPTION',
      message: /errorPage\.template/
    })
    await t.rejects(buildApp(t, { views, errorPage: { template: 'error.hbs', data: 5 as never } }), {
      code: 'ATL_OPTION',
      message: /errorPage\.data/
    })
  }
)
