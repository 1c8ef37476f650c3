import assert from 'node:assert/strict'
import { clientScript } from '../client-script.ts'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'

/** The client for front ends, in a real frame of the host and in something that looks like one of Forge. */
export async function clientSteps({ check }: Report, stage: Stage): Promise<void> {
  const { jira, page } = stage
  const ask = (script: string) => stage.appFrame().evaluate(script)

  await check('in a Connect frame the client asks the host for a token and calls the app', page, async () => {
    await page.goto(`${jira}/plugins/servlet/ac/checklist-example/all-checklists`)
    await stage.module('all-checklists').getByRole('status').waitFor()
    await ask(clientScript())
    const answer = await ask(`(async () => {
      let asked = 0
      globalThis.backend = createClient({ host: { context: { getToken: (done) => (asked++, AP.context.getToken(done)) } } })
      const answers = await Promise.all([backend.request('/api/checklists'), backend.request('/api/checklists')])
      return [answers.map(({ status }) => status), Array.isArray((await answers[0].json()).checklists), asked]
    })()`)
    assert.deepEqual(answer, [[200, 200], true, 1], 'both calls share one token')
  })

  await check('a token that has ended is renewed without the page noticing', page, async () => {
    stage.putClockForward(60)
    assert.equal(await ask(`backend.request('/api/checklists').then(({ status }) => status)`), 200)
  })

  await check('the same call goes through the bridge in a frame of Forge', page, async () => {
    const answer = await ask(`(async () => {
      const calls = []
      const forge = async () => ({ invokeRemote: async (call) => (calls.push(call), { status: 200, headers: {}, body: { checklists: [] } }) })
      const answer = await createClient({ platform: 'forge', forge }).request('/api/checklists')
      return [answer.status, await answer.json(), calls.map(({ method, path }) => method + ' ' + path)]
    })()`)
    assert.deepEqual(answer, [200, { checklists: [] }, ['GET /api/checklists']])
  })
}
