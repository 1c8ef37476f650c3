import {
  AsymmetricAlgorithm,
  createQueryStringHash,
  decodeSymmetric,
  fromMethodAndUrl,
  getAlgorithm,
  SymmetricAlgorithm
} from 'atlassian-jwt'
import { createV1Client, createV2Client } from 'confluence.js'
import { createCloudClient } from 'jira.js'
import t from 'tap'
import { typedTransport } from '../../../lib/host/typed-client.ts'
import { APP_KEY, SECRET } from '../tenant/make-tenant.ts'
import { realCalls, type Seen, sendJson, startHost } from './loopback.ts'
import { failureOf } from './make-calls.ts'

/** What Atlassian's own library reads in the token of a call, after it checked signature and hash. */
function claimsOf({ method, url, headers }: Seen, basePath = '') {
  const token = /^JWT (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
  if (getAlgorithm(token) !== SymmetricAlgorithm.HS256) throw new Error(`not HS256, ${AsymmetricAlgorithm.RS256}?`)
  const claims = decodeSymmetric(token, SECRET, SymmetricAlgorithm.HS256)
  const expected = createQueryStringHash(fromMethodAndUrl(method.toLowerCase() as 'get', url.slice(basePath.length)))
  return { iss: claims.iss, hash: claims.qsh === expected }
}

const signed = { iss: APP_KEY, hash: true }

t.test('jira.js calls through the host client, signed', async (t) => {
  const { origin, seen } = await startHost(t, ({ url, method }, response) => {
    if (url.includes('/attachment/content/')) response.writeHead(200, { 'content-type': 'image/png' }).end('png')
    else if (method === 'POST')
      sendJson(response, { id: '10001', key: 'TEA-1', self: `${origin}/rest/api/3/issue/10001` }, 201)
    else if (url.includes('/NO-1')) sendJson(response, { errorMessages: ['No issue.'] }, 404)
    else sendJson(response, { id: '10001', key: 'TEA-1', self: origin, fields: { summary: 'Typed' } })
  })
  const { client } = realCalls(t, origin)
  const jira = createCloudClient(typedTransport(client))
  const fields = { summary: 'Typed', project: { key: 'TEA' }, issuetype: { name: 'Task' } }
  t.match(await jira.issues.createIssue({ fields }), { key: 'TEA-1' })
  t.match(await jira.issues.getIssue({ issueIdOrKey: 'TEA-1', fields: ['summary', 'labels'] }), { key: 'TEA-1' })
  t.match(JSON.parse(String(seen[0]?.body)), { fields })
  t.match(seen[1]?.url, /^\/rest\/api\/3\/issue\/TEA-1\?.*fields=summary/)
  for (const one of seen) t.same(claimsOf(one), signed, one.url)
  t.match(await failureOf(jira.issues.getIssue({ issueIdOrKey: 'NO-1' })), { status: 404, messages: ['No issue.'] })
  const content: unknown = await jira.issueAttachments.getAttachmentContent({ id: '1' })
  t.ok(content instanceof Uint8Array || content instanceof Blob, 'files come as the client wants them')
})

t.test('confluence.js calls through the host client, signed without the context path', async (t) => {
  const { origin, seen } = await startHost(t, ({ url }, response) => {
    if (url.includes('/api/v2/pages')) {
      sendJson(response, {
        results: [{ id: '1', title: 'Tea', status: 'current' }],
        _links: { base: `${origin}/wiki` }
      })
    } else sendJson(response, { results: [], start: 0, limit: 25, size: 0, _links: {} })
  })
  const { client } = realCalls(t, `${origin}/wiki`)
  const v2 = createV2Client(typedTransport(client))
  t.match(await v2.page.getPages({ spaceId: ['1', '2'], limit: 5 } as never), { results: [{ title: 'Tea' }] })
  const v1 = createV1Client(typedTransport(client))
  t.match(await v1.group.getGroups({}), { results: [] })
  t.ok(seen.length === 2 && seen.every(({ url }) => url.startsWith('/wiki/')))
  for (const one of seen) t.same(claimsOf(one, '/wiki'), signed, one.url)
})

t.test('a client that takes a fetch is given ours', async (t) => {
  const { origin, seen } = await startHost(t, (_, response) => sendJson(response, { ok: true }))
  const { client } = realCalls(t, origin)
  const { fetch } = client
  const response = await fetch(
    new Request(`${origin}/rest/api/3/issue`, { method: 'POST', body: JSON.stringify({ a: 1 }) })
  )
  t.same(await response.json(), { ok: true })
  t.same(
    seen.map((one) => [claimsOf(one), String(one.body)]),
    [[signed, '{"a":1}']]
  )
})
