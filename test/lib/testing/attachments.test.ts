import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'

const path = '/rest/api/3/issue/TEA-1/attachments'

t.test('a form with files becomes attachments of whoever sends it', async (t) => {
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  const send = async (body: string, headers: Record<string, string> = {}, user = 'Bo') =>
    await host.requestAsUser(
      {
        method: 'POST',
        path,
        body,
        headers: { 'Content-Type': 'multipart/form-data; boundary=b', 'X-Atlassian-Token': 'no-check', ...headers }
      },
      { user }
    )
  const file = (name: string, filename: string, content: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`
  const form = `${file('file', 'a.txt', 'tea\r\n\r\nand milk')}${file('file', 'b.txt', '')}--b--\r\n`
  const { status, body } = await send(form)
  t.equal(status, 200)
  const [first, second] = JSON.parse(body)
  const untyped = form.replace('\r\nContent-Type: text/plain', '')
  t.match(JSON.parse((await send(untyped)).body), [
    { mimeType: 'application/octet-stream' },
    { mimeType: 'text/plain' }
  ])
  t.match(first, { filename: 'a.txt', size: 15, mimeType: 'text/plain', author: { displayName: 'Bo' } })
  t.match(second, { filename: 'b.txt', size: 0 })
  const issue = await host.requestAsUser({ method: 'GET', path: '/rest/api/3/issue/TEA-1?fields=attachment' })
  t.match(JSON.parse(issue.body), { fields: { attachment: [{ id: first.id }, { id: second.id }, {}, {}] } })

  const refused: [number, Promise<{ status: number }>][] = [
    [403, send(form, { 'X-Atlassian-Token': 'yes' })],
    [403, send(form, {}, 'Cleo')],
    [403, host.requestAsUser({ method: 'POST', path, body: '{}' }, { user: 'Bo' })],
    [415, send('{}', { 'Content-Type': 'application/json' })],
    [415, send(form, { 'Content-Type': 'multipart/form-data' })],
    [415, send(form.replace('--b--', ''))],
    [400, send(`${file('other', 'a.txt', 'tea')}--b--\r\n`)],
    [400, send('--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ntea\r\n--b--\r\n')]
  ]
  for (const [expected, answer] of refused) t.equal((await answer).status, expected)
})
