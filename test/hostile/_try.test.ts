import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('tries', async (t) => {
  const { app, host, writes, reached, lines } = await buildApp(t)
  t.equal((await host.install(app)).status, 204)
  t.equal((await host.openPage('panel')).status, 200)
  t.equal((await host.callApp('/api')).status, 200)
  t.equal((await host.sendWebhook('jira:issue_updated')).status, 204)
  t.comment(writes.join('\n'), reached.join(), lines.length)
})
