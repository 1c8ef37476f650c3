import t from 'tap'
import { BoundedMap } from '../../lib/bounded-map.ts'
import { createAsyncEmitter } from '../../lib/events.ts'

t.test('a bounded map drops what was not used for longest', async (t) => {
  const map = new BoundedMap<string, number>(3)
  map.set('a', 1)
  map.set('b', 2)
  map.set('c', 3)
  t.equal(map.get('a'), 1)
  map.set('d', 4)
  t.equal(map.get('b'), undefined)
  t.same([...map.values()], [3, 1, 4])
  t.equal(map.size, 3)
})

t.test('setting again makes an entry young, and looking does not', async (t) => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  t.equal(map.peek('a'), 3)
  t.equal(map.peek('b'), undefined)
  map.peek('a')
  map.set('d', 5)
  t.equal(map.peek('a'), undefined)
})

t.test('entries can be removed, one or all', async (t) => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  t.ok(map.delete('a'))
  t.notOk(map.delete('a'))
  t.equal(map.get('a'), undefined)
  map.set('b', 2)
  map.clear()
  t.equal(map.size, 0)
})

t.test('names like those of a prototype are names', async (t) => {
  const map = new BoundedMap<string, number>(5)
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.equal(map.get(name), undefined, name)
    map.set(name, 1)
    t.equal(map.get(name), 1, name)
  }
})

t.test('an emitter waits for every handler of a name', async (t) => {
  const emitter = createAsyncEmitter()
  const seen: string[] = []
  emitter.on('a', async (event) => {
    await new Promise((resolve) => setImmediate(resolve))
    seen.push(`slow ${String(event)}`)
  })
  emitter.on('a', (event) => seen.push(`quick ${String(event)}`))
  emitter.on('b', () => seen.push('b'))
  await emitter.emit('a', 1)
  t.same(seen, ['quick 1', 'slow 1'])
  await emitter.emit('nobody listens', 1)
})

t.test('one failing handler stops none of the others, and the caller learns of it', async (t) => {
  const emitter = createAsyncEmitter()
  const seen: string[] = []
  emitter.on('a', () => {
    throw new Error('at once')
  })
  emitter.on('a', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('later')
  })
  emitter.on('a', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    seen.push('done')
  })
  await t.rejects(emitter.emit('a', 1), { message: 'at once' })
  t.same(seen, ['done'])
})

t.test('who stops listening hears nothing, and may do so while being called', async (t) => {
  const emitter = createAsyncEmitter()
  let calls = 0
  const stop = emitter.on('a', () => {
    calls++
    stop()
  })
  emitter.on('a', () => calls++)
  await emitter.emit('a', 1)
  await emitter.emit('a', 1)
  t.equal(calls, 3)
  stop()
})
