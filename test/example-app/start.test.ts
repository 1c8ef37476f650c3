import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { startWithSimulator } from '../../example-app/with-simulator.ts'
import { addItems, itemsOf } from './setup.ts'

t.test('the next start finds the checklists of the last one', async (t) => {
  const databaseUrl = `sqlite:${join(t.testdir(), 'example.sqlite')}`
  const start = (simulatorPort: number) => startWithSimulator({ port: 0, simulatorPort, databaseUrl, logLevel: 'warn' })

  const first = await start(0)
  await addItems(first.host, { issue: 'TEA-1' }, 'Boil the water')
  await first.close()

  const second = await start(Number(new URL(first.host.url).port))
  t.teardown(() => second.close())
  t.equal(second.host.url, first.host.url)
  t.match(await itemsOf(second.host, { issue: 'TEA-1' }), [{ text: 'Boil the water' }])
  t.equal((await second.app.atlassian.tenants.list({ status: 'installed' })).length, 2)
})

t.test('the next start begins on Connect again, with what was added on Forge', async (t) => {
  const databaseUrl = `sqlite:${join(t.testdir(), 'example.sqlite')}`
  const start = (simulatorPort: number) => startWithSimulator({ port: 0, simulatorPort, databaseUrl, logLevel: 'warn' })
  const place = { issue: 'TEA-1', user: 'Ada' }

  const first = await start(0)
  await first.host.forge.upgrade(first.baseUrl, { to: 'connect-on-forge' })
  await first.host.forge.upgrade(first.baseUrl, { to: 'forge' })
  const body = { texts: ['Pour'] }
  await first.host.forge.invokeRemote(first.baseUrl, '/api/items', { ...place, method: 'POST', body })
  await first.close()

  const second = await start(Number(new URL(first.host.url).port))
  t.teardown(() => second.close())
  t.match(await itemsOf(second.host, place), [{ text: 'Pour' }])
  await second.host.forge.upgrade(second.baseUrl, { to: 'connect-on-forge' })
  await second.host.forge.upgrade(second.baseUrl, { to: 'forge' })
  const again = await second.host.forge.invokeRemote(second.baseUrl, '/api/items', place)
  t.match(JSON.parse(again.body).items, [{ text: 'Pour' }])
})

t.test('npm start says where to look and ends quietly', async (t) => {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, '../../example-app/start.ts')],
    {
      cwd: t.testdir(),
      env: { ...process.env, DATABASE_URL: '', PORT: '0', SIMULATOR_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Ctrl+C')) break
  }
  const [, address = ''] = /Open (http:\/\/127\.0\.0\.1:\d+) in a browser/.exec(said) ?? []
  t.equal((await fetch(address)).status, 200)
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
})
