import t from 'tap'
import { createChangeListener, type HearingConnection, type SaveNote } from '../../../lib/store/change-listener.ts'

/** Notes go to whoever hears, as over a server that works. */
function room() {
  const hearing = new Set<(note: SaveNote) => void>()
  const warnings: unknown[] = []
  const told: string[] = []
  const ended: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (...said: unknown[]) => void warnings.push(said) }

  function listener(sender: string, changes: { connect?: () => Promise<void> } = {}) {
    const made = createChangeListener({
      sender,
      log,
      deaf: 'nothing is heard',
      async connect(heard): Promise<HearingConnection> {
        await changes.connect?.()
        hearing.add(heard)
        return {
          lost: new Promise(() => {}),
          async end() {
            hearing.delete(heard)
            ended.push(sender)
          }
        }
      },
      async notify(note) {
        for (const heard of hearing) heard(note)
      }
    })
    const start = () =>
      made.start({
        changed: (clientKey) => void told.push(`${sender} hears ${clientKey}`),
        missed: () => void told.push(`${sender} missed`)
      })
    return { ...made, start }
  }

  const save = (note: SaveNote) => {
    for (const heard of hearing) heard(note)
  }
  return { listener, save, warnings, told, ended }
}

t.test('saves of others are told, its own and the self-tests of others are not', async (t) => {
  const { listener, save, told, warnings } = room()
  t.ok(await listener('a').start())
  t.ok(await listener('b').start())
  save({ name: 'one', sender: 'a' })
  save({ name: '', sender: 'c' })
  t.same(told, ['b hears one', 'a hears ', 'b hears '])
  t.same(warnings, [])
})

t.test('a connection that cannot be made is told in the log, and nothing is heard', async (t) => {
  const { listener, warnings } = room()
  const refused = async () => {
    throw new Error('refused')
  }
  t.equal(await listener('a', { connect: refused }).start(), false)
  t.same(warnings, [[{ reason: 'refused' }, 'nothing is heard']])
})

t.test('a connection that comes after the end is ended', async (t) => {
  const { listener, ended, warnings } = room()
  const { promise, resolve } = Promise.withResolvers<void>()
  const late = listener('a', { connect: () => promise })
  const started = late.start()
  await late.stop()
  resolve()
  t.equal(await started, false)
  t.same([ended, warnings], [['a'], []])
})
