import t from 'tap'
import { parseRecordings, type Recording, RecordingError, recordingLine } from '../../../lib/recording/recording.ts'

const recording: Recording = {
  version: 1,
  kind: 'webhook',
  event: 'jira:issue_updated',
  path: '/webhooks/issue?issue=TEA-1',
  recordedAt: '2026-03-01T10:00:00.000Z',
  headers: { 'content-type': 'application/json' },
  body: { issue: { key: 'TEA-1' } }
}

t.test('lines that were written are read again', async (t) => {
  const second: Recording = { ...recording, kind: 'forge-event', event: 'avi:jira:updated:issue', body: null }
  t.same(parseRecordings(`${recordingLine(recording)}\r\n\n${recordingLine(second)}`), [recording, second])
})

t.test('one object over many lines is one recording', async (t) => {
  t.same(parseRecordings(JSON.stringify({ ...recording, note: 'mine' }, null, 2)), [recording])
})

t.test('what is wrong is named by its line and its member', async (t) => {
  const wrong: [string, string | null][] = [
    ['', null],
    ['[]', null],
    ['{"version":1,', null],
    [JSON.stringify({ ...recording, version: 2 }), 'version'],
    [JSON.stringify({ ...recording, kind: 'page' }), 'kind'],
    [JSON.stringify({ ...recording, event: '' }), 'event'],
    [JSON.stringify({ ...recording, path: '//evil.example/x' }), 'path'],
    [JSON.stringify({ ...recording, path: '/\\evil.example' }), 'path'],
    [JSON.stringify({ ...recording, path: 'https://evil.example/x' }), 'path'],
    [JSON.stringify({ ...recording, path: '/x?a=1&jwt=e30' }), 'path'],
    [JSON.stringify({ ...recording, recordedAt: 'yesterday' }), 'recordedAt'],
    [JSON.stringify({ ...recording, headers: { 'X-Upper': 'a' } }), 'headers'],
    [JSON.stringify({ ...recording, headers: { x: 'a\r\nb: c' } }), 'headers'],
    [JSON.stringify({ ...recording, body: undefined }), 'body']
  ]
  for (const [text, member] of wrong) {
    t.throws(() => parseRecordings(text), { name: 'RecordingError', line: 1, member }, text)
  }
  try {
    parseRecordings(`${recordingLine(recording)}${JSON.stringify({ ...recording, kind: 'x' })}`)
    t.fail('it was read')
  } catch (error) {
    t.ok(error instanceof RecordingError && error.line === 2)
  }
})
