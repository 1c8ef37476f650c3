import { createReadStream, openAsBlob, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { FormData as OtherFormData } from 'undici'
import { multipart } from '../../../lib/host/multipart.ts'
import { realCalls, type Seen, sendJson, startHost } from './loopback.ts'

/** The fields of a form as another parser reads them. */
async function fieldsOf(sent: Pick<Seen, 'body' | 'headers'> | undefined) {
  const { body = Buffer.of(), headers = {} } = sent ?? {}
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': headers['content-type'] ?? '' }
  }).formData()
  const fields: unknown[] = []
  for (const [name, value] of form) {
    fields.push(typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()])
  }
  return fields
}

async function setUp(t: Test) {
  const { origin, seen } = await startHost(t, (_, response) => sendJson(response, [{ id: '1' }]))
  const file = join(t.testdir({}), 'cups.txt')
  writeFileSync(file, 'tea '.repeat(50_000))
  return { ...realCalls(t, origin), seen, file }
}

t.test('a file is uploaded as an attachment while it is read from the disk', async (t) => {
  const { client, seen, file } = await setUp(t)
  const form = new FormData()
  form.append('file', await openAsBlob(file, { type: 'text/plain' }), 'cups.txt')
  t.same(await client.post('/rest/api/3/issue/TEA-1/attachments', form), [{ id: '1' }])
  const stream = createReadStream(file)
  await client.post(
    '/rest/api/3/issue/TEA-1/attachments',
    multipart({ file: { stream, filename: 'cups.txt', type: 'text/plain' } })
  )
  for (const one of seen) {
    t.same(await fieldsOf(one), [['file', 'cups.txt', 'text/plain', 'tea '.repeat(50_000)]])
    t.equal(one.headers['x-atlassian-token'], 'no-check')
    t.match(one.headers.authorization, /^JWT ey/)
  }
  t.match(seen[0]?.headers['content-length'], /^\d+$/, 'a form of the platform knows its length')
  t.equal(seen[1]?.headers['transfer-encoding'], 'chunked')
})

t.test('texts, blobs, streams and several files of one name stand in one form', async (t) => {
  const { client, seen } = await setUp(t)
  const body = multipart({
    comment: 'grün',
    minorEdit: 'true',
    file: [
      new File(['a'], 'a.txt', { type: 'text/plain' }),
      new Blob(['b']),
      { stream: Readable.from(['c1', 'c2']), filename: 'c' }
    ]
  })
  await client.put('/wiki/rest/api/content/1/child/attachment', body)
  t.same(await fieldsOf(seen[0]), [
    ['comment', 'grün'],
    ['minorEdit', 'true'],
    ['file', 'a.txt', 'text/plain', 'a'],
    ['file', 'blob', 'application/octet-stream', 'b'],
    ['file', 'c', 'application/octet-stream', 'c1c2']
  ])
})

t.test('no name of a field or file gets out of its header', async (t) => {
  const name = fc.string({
    unit: fc.constantFrom('a', '"', '\r', '\n', ';', '-', 'ü', ' ', ':', '\\'),
    minLength: 1,
    maxLength: 12
  })
  await fc.assert(
    fc.asyncProperty(name, name, async (field, filename) => {
      const body = multipart({ [field]: new File(['x'], filename), after: 'y' })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      const fields = await fieldsOf({ body: Buffer.concat(chunks), headers: { 'content-type': body.contentType } })
      const last = fields.at(-1)
      return fields.length === 2 && Array.isArray(last) && last[0] === 'after' && last[1] === 'y'
    }),
    { numRuns: 100 }
  )
  const evil = { stream: Readable.from([]), filename: 'a', type: 'text/plain\r\nX-Evil: 1' }
  await t.rejects(multipart({ file: evil })[Symbol.asyncIterator]().next(), TypeError)
})

t.test('a form of another package is sent as a form', async (t) => {
  const { client, seen } = await setUp(t)
  const form = new OtherFormData()
  form.append('a', '1')
  form.append('file', new File(['x'], 'x.txt', { type: 'text/plain' }))
  await client.post('/a', form)
  t.same(await fieldsOf(seen[0]), [
    ['a', '1'],
    ['file', 'x.txt', 'text/plain', 'x']
  ])
})

t.test('a form that another encoder made has the header too', async (t) => {
  const { client, seen } = await setUp(t)
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  await client.fetch('/a', { method: 'POST', headers, body: '--x--\r\n' })
  await client.post('/a', 'a=1', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })
  await client.post('/a', new FormData(), { headers: { 'X-Atlassian-Token': 'nocheck' } })
  await client.post('/a', { json: true })
  t.same(
    seen.map((one) => one.headers['x-atlassian-token']),
    ['no-check', 'no-check', 'nocheck', undefined]
  )
})
