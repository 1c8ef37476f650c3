import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type DescriptorSource, loadDescriptor, serializeDescriptor } from '../../../lib/descriptor/index.ts'

const options = { baseUrl: 'https://app.example.com/base/', environment: 'staging', appKey: 'com.example.app' }
const minimal = { key: 'my-app', name: 'My app', baseUrl: 'https://app.example.com', authentication: { type: 'jwt' } }

function file(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'descriptor-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'atlassian-connect.json')
  writeFileSync(path, text)
  return path
}

async function refusal(source: DescriptorSource): Promise<string> {
  const error = await loadDescriptor(source, options).then(
    () => t.fail('it should have been refused'),
    (reason: unknown) => reason
  )
  t.match(error, { code: 'ATL_DESCRIPTOR', statusCode: 500 })
  return error instanceof Error ? error.message : ''
}

t.test('a file may hold comments, trailing commas and a byte order mark', async (t) => {
  const path = file(t, '\uFEFF// ours\n{ "key": "my-app", /* why */ "links": { "a": "http://x//y", }, }\n')
  t.match(await loadDescriptor(path, options), { key: 'my-app', links: { a: 'http://x//y' } })
  t.match(await loadDescriptor(pathToFileURL(path), options), { key: 'my-app' })
})

t.test('a missing file is named as it was given', async (t) => {
  t.equal(
    await refusal('./nowhere/descriptor.json'),
    'The descriptor file "./nowhere/descriptor.json" cannot be read (there is no such file).'
  )
  t.match(await refusal(tmpdir()), /cannot be read \(EISDIR\)/)
})

t.test('a broken file is refused with line and column and without its content', async (t) => {
  const message = await refusal(
    file(t, '{\n  // the key\n  "key": "my-app",\n  "lifecycle": { "installed": secret-path }\n}')
  )
  t.match(message, /atlassian-connect\.json" is not valid JSON, at line 4, column 31\.$/)
  t.notMatch(message, /secret/)
  t.match(await refusal(file(t, '{ "key": "my-app"\n')), /ends too early, at line 2, column 1\.$/)
  t.match(await refusal(file(t, ' \n')), /is empty, at line 2, column 1\.$/)
})

t.test('whatever is no object is refused in words', async (t) => {
  t.match(await refusal(file(t, '[]')), /is an array, but a descriptor is a JSON object/)
  t.match(await refusal(file(t, '"text"')), /is a string, but/)
  t.match(await refusal(() => Promise.resolve([])), /descriptor function returned is an array/)
  t.match(await refusal([]), /The descriptor is an array/)
  t.match(await refusal(new URL('https://app.example.com/x.json')), /never read from the network/)
})

t.test('a function may make the descriptor, at once or later, and its failure is the cause', async (t) => {
  t.equal((await loadDescriptor(() => minimal, options)).key, 'my-app')
  t.equal((await loadDescriptor(async () => minimal, options)).key, 'my-app')
  const cause = new Error('password=hunter2')
  const failing = () => Promise.reject(cause)
  t.notMatch(await refusal(failing), /hunter2/)
  await t.rejects(loadDescriptor(failing, options), { cause })
})

t.test('placeholders are filled everywhere in every string, and never twice', async (t) => {
  const source = {
    ...minimal,
    key: '{{appKey}}',
    name: '{{environment}}-{{environment}}: {{localBaseUrl}}/x {{localBaseUrl}}',
    modules: { webPanels: [{ url: '/p?a={{appKey}}', deep: [[{ note: '{{appKey}}{{environment}}' }]] }] },
    '{{appKey}}': 1
  }
  const tricky = { baseUrl: 'https://app.example.com', environment: '{{appKey}}$&', appKey: '$1{{environment}}' }
  t.match(await loadDescriptor(source, options), {
    key: 'com.example.app',
    name: 'staging-staging: https://app.example.com/base/x https://app.example.com/base',
    modules: { webPanels: [{ url: '/p?a=com.example.app', deep: [[{ note: 'com.example.appstaging' }]] }] },
    '{{appKey}}': 1
  })
  const loaded = await loadDescriptor(source, tricky)
  t.equal(loaded.key, '$1{{environment}}')
  t.match(loaded.name, '{{appKey}}$&-{{appKey}}$&: ')
})

t.test('a placeholder without a value stays for the check to report', async (t) => {
  const loaded = await loadDescriptor(
    { key: '{{appKey}}', name: '{{ appKey }} {{other}}' },
    { baseUrl: 'https://a.example' }
  )
  t.match(loaded, { key: '{{appKey}}', name: '{{ appKey }} {{other}}' })
})

t.test('what the descriptor leaves out is filled, and what it says stays', async (t) => {
  const all = { 'signed-install': true, 'context-qsh': true, gdpr: true }
  const bare = await loadDescriptor({ authentication: { type: 'JWT' } }, options)
  t.match(bare, { key: 'com.example.app', baseUrl: 'https://app.example.com/base' })
  t.strictSame(bare.apiMigrations, all)
  const partly = await loadDescriptor({ ...minimal, apiMigrations: { gdpr: false, other: true } }, options)
  t.strictSame(partly.apiMigrations, { ...all, gdpr: false, other: true })
  t.equal((await loadDescriptor({ ...minimal, baseUrl: '' }, options)).baseUrl, '', 'an empty base URL is an answer')
  const none = await loadDescriptor({ ...minimal, authentication: { type: 'NONE' } }, options)
  t.equal(none.apiMigrations, undefined, 'without jwt nothing is migrated')
  t.equal((await loadDescriptor({ ...minimal, apiMigrations: 'x' }, options)).apiMigrations, 'x')
})

t.test('the transformer has the last word, in place or with a new object, at once or later', async (t) => {
  const inPlace = await loadDescriptor(minimal, {
    ...options,
    transform: async (descriptor) => {
      descriptor.key += '.dev'
      delete descriptor.apiMigrations
      return descriptor
    }
  })
  t.strictSame([inPlace.key, inPlace.apiMigrations], ['my-app.dev', undefined])
  const renewed = await loadDescriptor(minimal, { ...options, transform: (old) => ({ ...old, name: 'New' }) })
  t.equal(renewed.name, 'New')
  t.equal(minimal.key, 'my-app', 'the source is not changed')
})

t.test('a transformer that returns nothing or fails stops the load', async (t) => {
  const nothing = loadDescriptor(minimal, { ...options, transform: () => JSON.parse('null') })
  await t.rejects(nothing, { code: 'ATL_DESCRIPTOR', message: /transformer returned is null/ })
  const cause = new Error('no')
  const failing = loadDescriptor(minimal, { ...options, transform: () => Promise.reject(cause) })
  await t.rejects(failing, { code: 'ATL_DESCRIPTOR', cause })
})

t.test('the result is frozen at every depth and shares nothing with the source', async (t) => {
  const source = { ...minimal, modules: { webhooks: [{ event: 'a', url: '/a' }] } }
  const loaded = await loadDescriptor(source, options)
  const webhooks = loaded.modules?.webhooks
  t.ok([loaded, loaded.modules, webhooks, Array.isArray(webhooks) && webhooks[0]].every(Object.isFrozen))
  source.modules.webhooks.push({ event: 'b', url: '/b' })
  t.match(webhooks, { length: 1 })
})

t.test('names that reach the prototype are refused wherever they are', async (t) => {
  for (const text of [
    '{"__proto__":{"key":"x"}}',
    '{"modules":{"__proto__":[]}}',
    '{"modules":{"webPanels":[{"constructor":{"prototype":1}}]}}',
    '{"vendor":{"prototype":{}}}'
  ]) {
    t.match(await refusal(file(t, text)), /name is not allowed/)
    t.match(await refusal(() => JSON.parse(text)), /name is not allowed/)
  }
  const transform = () => JSON.parse('{"modules":{"__proto__":{"polluted":true}}}')
  await t.rejects(loadDescriptor(minimal, { ...options, transform }), /name is not allowed/)
  t.equal('polluted' in {}, false)
})

t.test('what JSON cannot hold is refused with its field, and a circle does not hang', async (t) => {
  t.match(
    await refusal({ ...minimal, modules: { webPanels: [{ url: () => '/' }] } }),
    /function.*modules\.webPanels\[0\]\.url/
  )
  t.match(await refusal({ weight: Number.NaN }), /number.*weight/)
  t.match(await refusal({ weight: 1n }), /bigint/)
  const circle: Record<string, unknown> = {}
  circle.self = circle
  t.match(await refusal(circle), /in a circle/)
  t.equal('gone' in (await loadDescriptor({ ...minimal, gone: undefined }, options)), false)
})

t.test('any JSON object without placeholders comes back as it went in, and is served as it is', async (t) => {
  const harmless = fc
    .jsonValue({ maxDepth: 4 })
    .map((value) => ({ ...minimal, authentication: { type: 'none' }, extra: value }))
  await fc.assert(
    fc.asyncProperty(harmless, async (source) => {
      const text = JSON.stringify(source)
      fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(text))
      const loaded = await loadDescriptor(source, options)
      t.strictSame(JSON.parse(serializeDescriptor(loaded)), JSON.parse(text))
    }),
    { numRuns: 60 }
  )
})
