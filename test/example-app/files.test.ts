import { Readable } from 'node:stream'
import t from 'tap'
import { installedExample, WIKI } from './setup.ts'

async function scene(t: Parameters<typeof installedExample>[0]) {
  const { app, host, log } = await installedExample(t, ':memory:')
  const attach = async (
    place: { user?: string | null; issue?: string; site?: string; page?: string },
    name = 'a.txt'
  ) =>
    await app.inject({
      method: 'POST',
      url: `/api/files?name=${encodeURIComponent(name)}`,
      headers: {
        authorization: `JWT ${await host.contextToken(place)}`,
        'content-type': 'application/octet-stream'
      },
      payload: Readable.from(['Boil ', 'water'])
    })
  const attachments = async (issue: string) => {
    const { body } = await host.requestAsUser({ method: 'GET', path: `/rest/api/3/issue/${issue}?fields=attachment` })
    return JSON.parse(body).fields.attachment.map(
      ({ filename, size, author }: { filename: string; size: number; author: { displayName: string } }) =>
        `${filename} ${size} ${author.displayName}`
    )
  }
  return { app, host, log, attach, attachments }
}

t.test('a file goes through the app to the issue, and its author is the user who sent it', async (t) => {
  const { host, log, attach, attachments } = await scene(t)
  const answer = await attach({ user: 'Bo', issue: 'TEA-1' }, 'Tea "for" two.txt')
  t.equal(answer.statusCode, 201, answer.body)
  t.match(await attach({ user: 'Ada', issue: 'TEA-1' }), { statusCode: 201 })
  t.strictSame(await attachments('TEA-1'), ['Tea "for" two.txt 10 Bo', 'a.txt 10 Ada'])
  const sent = host.exchanges.filter(({ url, method }) => method === 'POST' && url.endsWith('/attachments'))
  t.strictSame([...new Set(sent.map(({ tokenKind }) => tokenKind))], ['user'])
  t.notMatch(log.join(''), /Bearer /)
})

t.test('who may not attach is refused before the file comes, and the app does not do it instead', async (t) => {
  const { host, attach, attachments } = await scene(t)
  // Cleo reads issues of the project and does not edit them.
  for (const place of [
    { user: 'Cleo', issue: 'TEA-1' },
    { user: 'Bo', issue: 'VLT-1' },
    { user: null, issue: 'TEA-1' }
  ]) {
    t.match(await attach(place), { statusCode: 403, body: /ATL_FORBIDDEN/ }, JSON.stringify(place))
  }
  t.match(await attach({ user: 'Bo' }), { statusCode: 403, body: /ATL_CONTEXT_MISSING/ }, 'no issue')
  t.match(await attach({ ...WIKI, user: 'Bo', page: '131073' }), { statusCode: 403 }, 'a page of Confluence')
  t.equal((await attach({ user: 'Bo', issue: 'TEA-1' }, '../a.txt')).statusCode, 400)
  t.strictSame(await attachments('TEA-1'), [])
  t.equal(host.exchanges.filter(({ kind }) => kind === 'token').length, 0)
})

t.test('where the app cannot act as the user, nothing is attached', async (t) => {
  const { host, attach, attachments } = await scene(t)
  host.failNext({ target: 'token', status: 400, body: '{"error":"invalid_grant"}' })
  t.match(await attach({ user: 'Bo', issue: 'TEA-1' }), { statusCode: 502 })
  t.strictSame(await attachments('TEA-1'), [])
})

t.test('the panel of an issue offers it to those who are logged in, a page of Confluence does not', async (t) => {
  const { host } = await scene(t)
  t.match((await host.openPage('issue-checklist', { issue: 'TEA-1', user: 'Bo' })).body, /type="file"/)
  t.notMatch((await host.openPage('issue-checklist', { issue: 'TEA-1', user: null })).body, /type="file"/)
  t.notMatch((await host.openPage('page-checklist', { ...WIKI, page: '131073', user: 'Bo' })).body, /type="file"/)
})
