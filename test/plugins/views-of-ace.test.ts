import { join } from 'node:path'
import Fastify from 'fastify'
import { connectPlugin } from 'fastify-atlassian'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t, { type Test } from 'tap'
import { BASE_URL, testDescriptor } from '../helpers/app.ts'

const root = join(import.meta.dirname, 'hbs')
const views = { root, partialsDir: join(root, 'partials'), helpers: { shout: (text: string) => text.toUpperCase() } }

async function appWith(t: Test, given: Readonly<Record<string, unknown>>, environment = 'test') {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(connectPlugin, {
    descriptor: testDescriptor(),
    baseUrl: BASE_URL,
    store: (appKey) => createMemoryTenantStore({ appKey }),
    environment,
    views: given
  })
  app.get('/view/*', app.atlassian.protect('none'), (request, reply) => {
    const data = { name: '<Ada>', count: 7, block: 'B<' }
    return reply
      .viewAsync(new URL(request.url, BASE_URL).pathname.slice('/view/'.length), data)
      .then((html) => reply.type('text/html').send(html))
  })
  await app.ready()
  return { get: async (path: string) => (await app.inject(`/view${path}`)).body.replaceAll(/\s*\n\s*/g, '') }
}

for (const environment of ['test', 'production']) {
  t.test(`templates of an app on ACE render as they are, in ${environment}`, async (t) => {
    const { get } = await appWith(t, views, environment)
    for (const time of ['first', 'second']) {
      t.equal(
        await get('/page'),
        '<!doctype html><title>Test</title><meta name="cups" content="7"><main><p>&lt;ADA&gt; <i>3 cups</i></p></main>no foot',
        `${time}: layout, block, helper and a partial of a folder`
      )
    }
    t.equal(await get('/plain.hbs'), '<p>&lt;Ada&gt; B&lt; <b>a note</b></p>', 'no layout, and a variable called block')
    t.equal(
      await get('/admin/settings'),
      '<!doctype html><title>Test</title><main><section class="narrow"><p>&lt;Ada&gt;</p></section></main>no foot',
      'a layout in a layout, selected from a folder'
    )
  })
}

t.test('a layout that is not there is told by its name', async (t) => {
  const { get } = await appWith(t, views)
  const said = await get('/lost')
  t.match(said, /missing.*selects it as its layout, and there is no such file/)
  t.notOk(said.includes(root), 'and not by its place on the machine')
})

t.test('a block may have any name', async (t) => {
  const { get } = await appWith(t, views)
  t.match(await get('/odd-blocks'), /<main>rest<\/main>/)
})

t.test('the layout of all pages and one that a page selects do not go together', async (t) => {
  const { get } = await appWith(t, { ...views, layout: 'narrow.hbs' })
  t.match(await get('/page'), /views\.layout.*use one of both/)
})

t.test('a folder of partials that has none, and a helper that is no function, end the start', async (t) => {
  await t.rejects(appWith(t, { ...views, partialsDir: join(root, 'no-such-folder') }), {
    message: /views\.partialsDir/
  })
  await t.rejects(appWith(t, { ...views, helpers: { shout: 'loud' } }), { message: /views\.helpers\.shout/ })
  // They would be given to an engine that nobody uses.
  await t.rejects(appWith(t, { ...views, engine: { handlebars: {} } }), { message: /views\.engine/ })
})
