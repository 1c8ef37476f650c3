import t from 'tap'
import { makeCalls } from './make-calls.ts'

t.test('what belongs to a request goes with each of its calls, unless the call says otherwise', async (t) => {
  const headers = { 'x-b3-traceid': '463ac35c9f6413ad' }
  const { client, sent } = makeCalls(() => new Response('{}'), { verified: { accountId: null, headers } })
  await client.get('/rest')
  await client.fetch('/rest')
  await client.anonymous().get('/rest')
  await client.get('/rest', { headers: { 'X-B3-TraceId': 'own' } })
  t.strictSame(
    sent.map((call) => new Headers(call.headers).get('x-b3-traceid')),
    ['463ac35c9f6413ad', '463ac35c9f6413ad', '463ac35c9f6413ad', 'own']
  )
})
