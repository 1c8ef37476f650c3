import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encryptionFromFile } from 'fastify-atlassian/store'
import t from 'tap'

t.test('a key is made where there is none, and read from then on', async (t) => {
  const file = join(t.testdir(), 'made.key')
  const made = encryptionFromFile(file)
  t.match(made.keys, [{ id: 'development', key: readFileSync(file, 'utf8').trim() }])
  t.same(encryptionFromFile(file), made)
})

t.test('a key that somebody else has to put there is never made', async (t) => {
  const file = join(t.testdir(), 'given.key')
  t.throws(() => encryptionFromFile(file, { create: false }), {
    code: 'ATL_ENCRYPTION_KEY',
    message: /given\.key.*missing/
  })
  t.notOk(existsSync(file))
  const key = Buffer.alloc(32, 7).toString('base64')
  writeFileSync(file, `${key}\n`, { mode: 0o444 })
  t.match(encryptionFromFile(file, { create: false }).keys, [{ key }])
})
