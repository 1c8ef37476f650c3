import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createColumnCipher } from '../../../lib/encryption/column-cipher.ts'
import { createKeyRing } from '../../../lib/encryption/key-ring.ts'

const key = (id: string) => ({ id, key: randomBytes(32).toString('base64') })
const place = { tenantId: 'tenant-1', table: 'atl_tenants', column: 'shared_secret' }

t.test('a value opens where it was sealed, whatever its length and characters', async (t) => {
  const cipher = createColumnCipher(await createKeyRing({ keys: [key('one')] }), () => false)
  for (const value of ['s', 'x'.repeat(500), 'käse\u{1f600}"\\', randomBytes(400).toString('base64')]) {
    const sealed = cipher.seal(value, place)
    t.equal(cipher.open(sealed, place), value)
    if (value.length > 8) t.notOk(sealed.includes(value))
    t.not(cipher.seal(value, place), sealed, 'equal values do not look equal')
  }
})

t.test('a value moved to another row, table or column does not open', async (t) => {
  const cipher = createColumnCipher(await createKeyRing({ keys: [key('one')] }), () => true)
  const sealed = cipher.seal('secret', place)
  for (const other of [{ tenantId: 'tenant-2' }, { table: 'atl_other' }, { column: 'previous_secret' }]) {
    t.throws(() => cipher.open(sealed, { ...place, ...other }), { code: 'ATL_ENCRYPTION_KEY', reason: 'unopenable' })
  }
})

t.test('a changed value does not open, at any byte', async (t) => {
  const cipher = createColumnCipher(await createKeyRing({ keys: [key('one')] }), () => true)
  const sealed = cipher.seal('secret', place)
  const start = 'atlenc1.one.'.length
  for (let i = start; i < sealed.length - 1; i++) {
    const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`
    t.throws(() => cipher.open(changed, place), { code: 'ATL_ENCRYPTION_KEY' })
  }
  t.throws(() => cipher.open('atlenc1.one.AAAA', place), { message: /does not open/ })
})

t.test('the newest key writes and every key reads', async (t) => {
  const [first, second] = [key('2025'), key('2026')]
  const before = createColumnCipher(await createKeyRing({ keys: [first] }), () => false)
  const after = createColumnCipher(await createKeyRing({ keys: [second, first] }), () => false)
  const old = before.seal('secret', place)
  t.equal(after.open(old, place), 'secret')
  t.ok(after.isOutdated(old))
  const renewed = after.seal('secret', place)
  t.match(renewed, /^atlenc1\.2026\./)
  t.notOk(after.isOutdated(renewed))
  t.throws(() => before.open(renewed, place), { code: 'ATL_ENCRYPTION_KEY', message: /"2026"/ })
})

t.test('the right id with other bytes is an error that names the key, never another try', async (t) => {
  const sealed = createColumnCipher(await createKeyRing({ keys: [key('k')] }), () => true).seal('secret', place)
  const wrong = createColumnCipher(await createKeyRing({ keys: [key('k')] }), () => true)
  t.throws(() => wrong.open(sealed, place), { code: 'ATL_ENCRYPTION_KEY', message: /"k"/ })
})

t.test('plain text is refused unless it is accepted', async (t) => {
  const ring = await createKeyRing({ keys: [key('one')] })
  t.throws(() => createColumnCipher(ring, () => false).open('plain', place), {
    reason: 'plaintext',
    message: /acceptPlaintext/
  })
  t.equal(createColumnCipher(ring, () => true).open('plain', place), 'plain')
  t.ok(createColumnCipher(ring, () => true).isOutdated('plain'))
})

t.test('a wrong ring throws at start, naming the key and never its bytes', async (t) => {
  const short = randomBytes(16).toString('base64')
  await t.rejects(createKeyRing({ keys: [] }), { code: 'ATL_OPTION', message: /encryption\.keys/ })
  await t.rejects(createKeyRing({ keys: [key('a'), key('a')] }), { message: /keys\[1\]\.id/ })
  await t.rejects(createKeyRing({ keys: [key('a.b')] }), { message: /keys\[0\]\.id/ })
  const error = await createKeyRing({ keys: [{ id: 'a', key: short }] }).catch((reason: unknown) => reason)
  t.match(error, { message: /16 bytes/ })
  t.notMatch(String(error), short)
})

t.test('a KMS holds the wrapping key: the ring is unwrapped once per key', async (t) => {
  const data = randomBytes(32)
  const asked: string[] = []
  const provider = {
    async unwrap(wrapped: Uint8Array, keyId: string) {
      asked.push(keyId)
      return wrapped.map((byte) => byte ^ 0x5a)
    }
  }
  const wrapped = data.map((byte) => byte ^ 0x5a)
  const cipher = createColumnCipher(await createKeyRing({ keys: [{ id: 'kms-1', wrapped }], provider }), () => false)
  for (let i = 0; i < 10; i++) t.equal(cipher.open(cipher.seal('secret', place), place), 'secret')
  t.strictSame(asked, ['kms-1'])
  const same = createColumnCipher(await createKeyRing({ keys: [{ id: 'kms-1', key: data }] }), () => false)
  t.equal(same.open(cipher.seal('secret', place), place), 'secret')
  await t.rejects(createKeyRing({ keys: [{ id: 'kms-1', wrapped }] }), { message: /provider/ })
  const failing = { unwrap: () => Promise.reject(new Error('KMS is away')) }
  await t.rejects(createKeyRing({ keys: [{ id: 'kms-1', wrapped }], provider: failing }), {
    code: 'ATL_ENCRYPTION_KEY',
    message: /"kms-1"/
  })
})
