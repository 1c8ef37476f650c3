import t from 'tap'
import { readTrace, traceFields } from '../../../lib/forge/trace.ts'

t.test('a trace is its headers, short and plain', (t) => {
  const trace = { 'x-b3-traceid': '463ac35c9f6413ad', 'x-b3-spanid': 'a2fb', 'x-b3-sampled': '1' }
  t.strictSame(readTrace({ ...trace, cookie: 'no' }), trace)
  t.strictSame(traceFields(trace), { traceId: '463ac35c9f6413ad', spanId: 'a2fb' })
  t.strictSame(traceFields({ 'x-b3-traceid': '46' }), { traceId: '46' })
  t.end()
})

t.test('what is no trace is none', (t) => {
  for (const id of [undefined, '', 'a b', 'a\r\nx: y', 'a'.repeat(65), ['a', 'b'], '"']) {
    t.strictSame(readTrace({ 'x-b3-traceid': id, 'x-b3-spanid': 'a2fb' }), {})
  }
  t.strictSame(readTrace({ 'x-b3-traceid': 'a', 'x-b3-spanid': 'b c' }), { 'x-b3-traceid': 'a' })
  t.equal(traceFields({}), null)
  t.end()
})
