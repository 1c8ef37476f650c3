import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'

t.test('the folder of a resource is served as Atlassian serves front ends', async (t) => {
  const folder = t.testdir({
    secret: 'outside',
    ui: { 'index.html': '<html><head><title>x</title></head></html>', 'panel.js': 'export {}', 'notes.txt': 'x' }
  })
  const host = await createHostSimulator({
    forge: {
      manifest: {
        modules: {
          'jira:issuePanel': [{ key: 'panel', resource: 'main', resolver: { endpoint: 'api' } }],
          endpoint: [{ key: 'api', remote: 'app', route: { path: '/api' } }]
        }
      },
      resources: { main: join(folder, 'ui') }
    }
  })
  t.teardown(() => host.close())
  const [module] = host.forge.modules
  t.equal(module?.url, `${host.url}/ui/main/index.html`)

  const page = await fetch(module?.url ?? '')
  const html = await page.text()
  t.equal(page.status, 200)
  t.match(html, /<head><script type="importmap">\{"imports":\{"@forge\/bridge":"\/forge-bridge.js"/)
  t.equal(await (await fetch(`${host.url}/ui/main/panel.js`)).text(), 'export {}')

  const map: unknown = JSON.parse(/importmap">(.*?)<\/script>/.exec(html)?.[1] ?? '{}')
  t.match(map, { imports: { 'fastify-atlassian/client': '/ui/@client/index.js' } })
  const client = await fetch(`${host.url}/ui/@client/index.js`)
  t.match(await client.text(), /createClient/)

  await mkdir(join(folder, 'other'))
  await writeFile(join(folder, 'other/x.js'), 'x')
  for (const path of [
    '/ui/main/notes.txt',
    '/ui/main/none.js',
    '/ui/none/index.html',
    '/ui/toString/index.html',
    '/ui/main/%2e%2e/secret',
    '/ui/main/..%2Fother%2Fx.js',
    '/ui/main/%00.js',
    '/ui/main/%ff.js',
    '/ui/@client/..%2Findex.js',
    '/ui/main/'
  ]) {
    const answer = await fetch(host.url + path)
    t.equal(answer.status, 404, path)
    await answer.body?.cancel()
  }
})
