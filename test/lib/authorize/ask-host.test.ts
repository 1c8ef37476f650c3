import t from 'tap'
import { type AskHost, createAskHost, type LookupCall } from '../../../lib/authorize/ask-host.ts'
import { OddAnswer } from '../../../lib/authorize/question.ts'
import { type Answer, makeCalls } from '../host/make-calls.ts'
import { jiraTenant } from './scripted-host.ts'

const check: LookupCall = { method: 'POST', path: '/rest/api/3/permissions/check', body: { globalPermissions: ['X'] } }

/** Lookups that may take five seconds, through the real client. */
function asking(answer: Answer) {
  const made = makeCalls(answer)
  const ask: AskHost = createAskHost({ client: (tenant) => made.calls.client(() => tenant), timeoutMs: 5000 })
  return { ...made, look: (call = check) => ask(jiraTenant, 'app', call, new AbortController().signal) }
}

t.test('a connection that broke once refuses nobody, also where the lookup is a POST', async (t) => {
  const { look, sent, time } = asking((_sent, number) => {
    if (number === 1) throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
    return Response.json({ globalPermissions: [] })
  })
  t.match(await time.settle(look()), { status: 200 })
  t.strictSame(
    sent.map(({ init }) => init.body),
    Array(2).fill('{"globalPermissions":["X"]}')
  )
})

t.test('a limit that ends in time is waited for, one that does not is refused at once', async (t) => {
  for (const status of [429, 503]) {
    const { look, sent, time } = asking((_sent, number) =>
      number === 1 ? new Response(null, { status, headers: { 'retry-after': '2' } }) : Response.json({})
    )
    const startedAtMs = time.clock()
    t.match(await time.settle(look()), { status: 200 })
    t.equal(sent.length, 2)
    t.ok(time.clock() - startedAtMs < 5000)
  }
  const { look, sent, time } = asking(() => new Response(null, { status: 429, headers: { 'retry-after': '20' } }))
  const startedAtMs = time.clock()
  await t.rejects(time.settle(look()), new OddAnswer('the host answered 429'))
  await t.rejects(time.settle(look()), { code: 'ATL_HOST_BUSY' }, 'and whoever comes next is not kept waiting')
  t.equal(sent.length, 1)
  t.equal(time.clock(), startedAtMs)
})

t.test('points that are used up are not waited for', async (t) => {
  const headers = { 'ratelimit-reason': 'jira-quota-tenant-based', 'retry-after': '1' }
  const { look, sent, time } = asking(() => new Response(null, { status: 429, headers }))
  await t.rejects(time.settle(look()), new OddAnswer('the host answered 429'))
  t.equal(sent.length, 1)
})

t.test('an answer that is too large, or breaks off, is no answer', async (t) => {
  const endless = () => new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536).fill(32)) })
  const large = asking(() => new Response(endless()))
  await t.rejects(large.time.settle(large.look()), new OddAnswer('the answer is too large'))
  const broken = new ReadableStream({
    pull(stream) {
      stream.enqueue(new TextEncoder().encode('{"globalPermissions":["X"]'))
      stream.error(new TypeError('terminated'))
    }
  })
  const cut = asking(() => new Response(broken))
  await t.rejects(cut.time.settle(cut.look()))
})

t.test('only 404 says that there is no such thing; every other status but 200 is no answer', async (t) => {
  for (const status of [200, 201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 409, 410, 500, 502]) {
    const bare = status === 204
    const { look, time } = asking(() => new Response(bare ? null : '{"globalPermissions":["X"]}', { status }))
    if (status === 200 || status === 404) t.match(await time.settle(look()), { status })
    else await t.rejects(time.settle(look()), new OddAnswer(`the host answered ${status}`), `${status}`)
  }
})
