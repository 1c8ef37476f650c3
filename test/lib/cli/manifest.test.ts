import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { main } from '../../../lib/cli/main.ts'

const descriptor = {
  key: 'an-app',
  name: 'An app',
  baseUrl: '{{localBaseUrl}}',
  authentication: { type: 'jwt' },
  scopes: ['READ'],
  lifecycle: { installed: '/installed' },
  modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }] }
}
const routes = [
  { method: 'GET', url: '/page', policy: 'page' },
  { method: ['POST'], url: '/installed', policy: 'lifecycle' },
  { method: ['POST'], url: '/forge/*', policy: ['forge'] }
]

function folder(t: Test) {
  const path = mkdtempSync(join(tmpdir(), 'manifest-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  const files = {
    descriptor: join(path, 'atlassian-connect.json'),
    routes: join(path, 'routes.json'),
    manifest: join(path, 'manifest.yml')
  }
  writeFileSync(files.descriptor, `// a comment\n${JSON.stringify(descriptor)}`)
  writeFileSync(files.routes, JSON.stringify(routes))
  return files
}

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const world = { env: {}, out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const code = await main(['manifest', ...argv], world)
  return { code, out: out.join(''), err: err.join('') }
}

const made = ['--base-url', 'https://app.example.com', '--app-id', '8db33809-1f32-48bb-8c52-5877dab48107']

t.test('a manifest is written from the descriptor, and the report stays apart from it', async (t) => {
  const files = folder(t)
  const { code, out, err } = await run('--descriptor', files.descriptor, ...made, '--scope', 'read:jira-work')
  t.equal(code, 0)
  t.match(parse(out), {
    app: { connect: { key: 'an-app' } },
    remotes: [{ baseUrl: 'https://app.example.com' }],
    permissions: { scopes: ['read:connect-jira', 'read:jira-work', 'read:app-system-token'] }
  })
  t.match(err, /To do or decide by hand:[\s\S]*permissions\.scopes \[scope-needs-consent\]/)
  const json = await run('--descriptor', files.descriptor, ...made, '--json', '--product', 'confluence')
  t.match(JSON.parse(json.out), { manifest: { connectModules: { 'confluence:generalPages': [{}] } }, notes: [{}] })
})

t.test('a file that is there is replaced by force only', async (t) => {
  const files = folder(t)
  const write = ['--descriptor', files.descriptor, ...made, '--out', files.manifest]
  t.match(await run(...write), { code: 0, out: '' })
  writeFileSync(files.manifest, 'mine: true\n')
  t.match(await run(...write), { code: 2, err: /--force/ })
  t.equal(readFileSync(files.manifest, 'utf8'), 'mine: true\n')
  t.match(await run(...write, '--force'), { code: 0 })
  t.match(parse(readFileSync(files.manifest, 'utf8')), { app: {} })
})

t.test('an existing manifest is compared with the routes and the descriptor', async (t) => {
  const files = folder(t)
  await run('--descriptor', files.descriptor, ...made, '--out', files.manifest)
  const check = ['--check', files.manifest, '--descriptor', files.descriptor, ...made, '--routes', files.routes]
  t.match(await run(...check), { code: 0, out: 'Nothing was found.\n' })
  writeFileSync(
    files.manifest,
    readFileSync(files.manifest, 'utf8').replace('/forge/lifecycle/installed', '/elsewhere')
  )
  const found = await run(...check)
  t.match(found, { code: 3, out: /Wrong:\n {2}modules\.endpoint\[0\]\.route\.path \[route-missing\]/ })
  t.match(found.out, /Probably not meant:\n.*\[path-missing\]/)
  const json = await run(...check, '--json')
  t.match(JSON.parse(json.out), [{ code: 'route-missing' }, { code: 'path-missing' }])
  const file = `${files.manifest}.json`
  writeFileSync(file, '{}')
  t.match(await run('--check', file), { code: 3, out: /app-id-missing/ })
})

t.test('a wrong option or file is told, with the place', async (t) => {
  const files = folder(t)
  writeFileSync(files.manifest, 'app: [1\nb: }')
  const broken = `${files.manifest}.json`
  writeFileSync(broken, '[{"url": 1}]')
  const wrong: [argv: string[], message: RegExp][] = [
    [[], /--descriptor is needed/],
    [['--descriptor', files.descriptor, ...made, '--product', 'bitbucket'], /--product/],
    [['--descriptor', files.descriptor, ...made, '--routes', files.descriptor], /--routes/],
    [['--descriptor', files.descriptor, ...made, '--routes', broken], /--routes/],
    [['--check', files.manifest], /manifest\.yml" cannot be understood/],
    [['--check', `${files.manifest}.none`], /cannot be read/],
    [['--check', broken, '--out', 'x'], /--out/]
  ]
  for (const [argv, message] of wrong) t.match(await run(...argv), { code: 2, out: '', err: message }, argv.join(' '))
  t.match(await run('--descriptor', files.descriptor), { code: 1, err: /baseUrl is empty/ })
  t.match(await run('--help'), { code: 0, out: /--check MANIFEST/ })
})

t.test('names inside of a file that lead nowhere, or too far, are told like every other fault of it', async (t) => {
  const files = folder(t)
  const many = (name: string) => Array(20).fill(`*${name}`).join(', ')
  const texts = ['app: *nobody', `a: &a [1]\nb: &b [${many('a')}]\nc: &c [${many('b')}]\nd: [${many('c')}]`]
  for (const text of texts) {
    writeFileSync(files.manifest, text)
    t.match(
      await run('--check', files.manifest),
      { code: 2, out: '', err: /manifest\.yml" cannot be understood/ },
      text
    )
  }
})
