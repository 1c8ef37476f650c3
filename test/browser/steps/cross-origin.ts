import assert from 'node:assert/strict'
import { clientScript } from '../client-script.ts'
import { openCupScene } from '../cup-app.ts'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'

/** What `requestRemote` is in life: a request of the browser itself, which asks first, from a page of the host. */
export async function crossOriginSteps({ check }: Report, stage: Stage): Promise<void> {
  const scene = await openCupScene()
  const { host, app, answered } = scene
  // Not a page of the stage: it is told of refusals here, which are no complaints.
  const page = await stage.page.context().newPage()
  const { origin } = host.site()
  /** A file of the host, as a document: it has the host's origin and no policy of its own. */
  const open = async (from: string) => {
    await page.goto(`${from}/sim/assets/base.css`)
    await page.evaluate(clientScript())
  }
  /** Calls the app as a front end would whose bridge leaves the call to the browser. */
  const call = (path: string, token: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const requestRemote = (_key, { path, headers, ...init }) =>
        fetch(${JSON.stringify(scene.baseUrl)} + path, { ...init, headers: { ...headers, authorization: 'Bearer ' + ${JSON.stringify(token)} } })
      const backend = createClient({ platform: 'forge', remoteKey: 'backend', forge: { requestRemote } })
      const answer = await backend.request(${JSON.stringify(path)}, { json: {}, headers: { 'x-own': '1' } }).catch((error) => error.code)
      return typeof answer === 'string' ? answer : [answer.status, (await answer.json()).cups ?? null]
    })()`)
  try {
    await host.forge.upgrade(app, { to: 'forge' })
    const token = await host.forge.sign.invocationToken()

    await check('a page of a site calls the app across origins, after a preflight without a token', page, async () => {
      await open(origin)
      assert.deepEqual(await call('/api/cups', token), [200, 1])
      assert.deepEqual(answered.splice(0), ['OPTIONS /api/cups 204', 'POST /api/cups 200'])
    })

    await check('it may read that its token was refused', page, async () => {
      assert.deepEqual(await call('/api/cups', `${token}x`), [401, null])
    })

    await check('the browser stops calls of routes that did not ask for them, and of other origins', page, async () => {
      answered.length = 0
      assert.equal(await call('/api/tables', token), 'network')
      await open(origin.replace('127.0.0.1', 'localhost'))
      assert.equal(await call('/api/cups', token), 'network')
      assert.deepEqual(answered, ['OPTIONS /api/tables 404', 'OPTIONS /api/cups 404'])
    })
  } finally {
    await page.close()
    await scene.close()
  }
}
