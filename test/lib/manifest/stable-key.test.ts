import fc from 'fast-check'
import t from 'tap'
import { keyMaker, stableKey } from '../../../lib/manifest/stable-key.ts'

t.test('a key depends on its text alone and keeps the rules of Forge', async (t) => {
  const check = fc.property(fc.string({ unit: 'binary' }), (text) => {
    const key = stableKey(text)
    return /^[a-zA-Z0-9_-]{1,23}$/.test(key) && key === stableKey(text)
  })
  t.doesNotThrow(() => fc.assert(check))
})

t.test('known keys stay as they are', async (t) => {
  t.equal(stableKey('installed-endpoint'), 'installed-endpoint')
  t.equal(stableKey('/forge/events/issue-updated'), 'forge-events-iss-c33a6d')
  t.equal(stableKey('/'), 'key-8a5eda')
})

t.test('a key that is taken gets a number, within the length', async (t) => {
  const keyOf = keyMaker(['mine', 'a-key-of-twenty-three-1'])
  t.same(['mine', 'mine', 'other'].map(keyOf), ['mine-2', 'mine-3', 'other'])
  t.equal(keyOf('a-key-of-twenty-three-1'), 'a-key-of-twenty-three-2')
})
