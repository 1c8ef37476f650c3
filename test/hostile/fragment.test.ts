import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { listen, rawRequest, sendRaw } from './raw.ts'

t.test('a "#" in the request target adds parameters that no hash covers, so it is refused', async (t) => {
  const { app, host, reached } = await buildApp(t)
  await host.install(app)
  const port = await listen(app)
  const page = new URL(await host.pageUrl('panel'))
  const good = `${page.pathname}${page.search}`
  const webhook = await host.sign.webhookToken({ url: '/own-webhook' })
  for (const [method, target, headers] of [
    ['GET', `${good}#&accountId=victim`, []],
    ['GET', good.replace('?', '#x=1?'), []],
    ['GET', `${good}%23`, []],
    ['POST', '/own-webhook#project=OTHER', [`Authorization: JWT ${webhook}`]]
  ] as const) {
    const answer = await sendRaw(port, rawRequest(method, target, ['Host: app.example.com', ...headers]))
    t.equal(answer.status, 401, target.replace(/jwt=[^&#]*/, 'jwt=…'))
  }
  t.strictSame(reached, [])
  t.equal((await sendRaw(port, rawRequest('GET', good, ['Host: app.example.com']))).status, 200)
})
