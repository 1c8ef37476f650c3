import t from 'tap'
import { createDevEvents } from '../../../lib/cli/dev-events.ts'

t.test('what dev tells holds no password and no query', async (t) => {
  const told: unknown[] = []
  const events = createDevEvents((error) => told.push(error))
  events.on('appRegistered', (event) => told.push(event))
  const stop = events.on('tunnelStarted', (event) => told.push(event))
  const baseUrl = 'https://me%40example.com:hunter2@acme.atlassian.net/wiki/?os_password=hunter2#hunter2'
  events.emit('appRegistered', { appKey: 'app', hosts: [{ baseUrl, product: 'confluence' }], failed: [] })
  events.emit('tunnelStarted', { publicUrl: 'https://user:hunter2@tunnel.example' })
  stop()
  events.emit('tunnelStarted', { publicUrl: 'https://tunnel.example' })
  t.strictSame(told, [
    { appKey: 'app', hosts: [{ baseUrl: 'https://acme.atlassian.net/wiki', product: 'confluence' }], failed: [] },
    { publicUrl: 'https://tunnel.example' }
  ])
})

t.test('an address that is none is not told', async (t) => {
  const told: unknown[] = []
  const events = createDevEvents(() => {})
  events.on('tunnelStarted', (event) => told.push(event))
  events.emit('tunnelStarted', { publicUrl: 'https://user:hunter2@' })
  t.strictSame(told, [{ publicUrl: '' }])
})

t.test('a handler that fails stops nobody', async (t) => {
  const failures: unknown[] = []
  const told: string[] = []
  const events = createDevEvents((error) => failures.push(error))
  events.on('tunnelStarted', () => {
    throw new Error('no')
  })
  events.on('tunnelStarted', async () => Promise.reject(new Error('later')))
  events.on('tunnelStarted', ({ publicUrl }) => told.push(publicUrl))
  events.emit('tunnelStarted', { publicUrl: 'https://tunnel.example' })
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(failures.length, 2)
  t.strictSame(told, ['https://tunnel.example'])
})
