import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { absent, hasRealInputs, jsonFiles, realInputs } from '../real-inputs/folder.ts'
import { newFolder, runCli } from './run-cli.ts'

const good = {
  key: 'an-app',
  name: 'An app of {{environment}}',
  baseUrl: '{{localBaseUrl}}',
  authentication: { type: 'jwt' },
  lifecycle: { installed: '/installed' },
  modules: { generalPages: [{ key: 'page', name: { value: 'Page' }, url: '/page' }] }
}

t.test('every problem is told with its path, the errors first', async (t) => {
  const file = join(newFolder(t), 'descriptor.json')
  writeFileSync(file, `// a comment\n${JSON.stringify(good)}`)
  t.match(await runCli(['descriptor', 'check', file, '--environment', 'test']), {
    code: 0,
    out: /^ok .*\(an-app\): nothing/
  })

  const wrong = {
    ...good,
    key: 'not a key',
    scopes: ['READ', 'TEA'],
    modules: { generalPages: [{ key: 'page', url: 7 }] }
  }
  writeFileSync(file, JSON.stringify(wrong))
  const told = await runCli(['descriptor', 'check', file, '--environment', 'test'])
  t.equal(told.code, 1)
  t.match(told.out, /^error {4}key /)
  t.match(told.out, /^error {4}modules\.generalPages\[0\]\.url /m)
  t.match(told.out, /^warning {2}scopes\[1\] +is "TEA".*\[scope-unknown\]\n\n.*: 3 errors, 1 warning\n$/m)
  const { problems } = (await runCli(['descriptor', 'check', file, '--environment', 'test', '--json'])).json()
  t.match(problems, [{ field: 'key', code: 'key-form', severity: 'error' }, {}, {}, {}])

  writeFileSync(file, JSON.stringify({ ...good, name: undefined }))
  t.match(await runCli(['descriptor', 'check', file]), { code: 3, out: /0 errors, 1 warning/ })
  writeFileSync(file, '{"key": "x",\n oops}')
  t.match(await runCli(['descriptor', 'check', file]), { code: 1, out: '', err: /line 2, column 2/ })
  t.match(await runCli(['descriptor', 'check', `${file}.not`]), { code: 1, err: /no such file/ })
  t.match(await runCli(['descriptor']), { code: 2, err: /check, print/ })
  t.match(await runCli(['descriptor', 'check']), { code: 2, err: /needs the file/ })
  t.match(await runCli(['descriptor', 'check', file, file]), { code: 2, err: /one file/ })
})

t.test('a descriptor is printed with its placeholders filled in', async (t) => {
  const file = join(newFolder(t), 'descriptor.json')
  const { key, ...keyless } = good
  writeFileSync(file, JSON.stringify({ ...keyless, name: '{{appKey}} of {{environment}}' }))
  const options = ['--base-url', 'https://tea.example.com/', '--app-key', key, '--environment', 'staging']
  const printed = await runCli(['descriptor', 'print', file, ...options])
  t.match(printed.json(), {
    key,
    name: 'an-app of staging',
    baseUrl: 'https://tea.example.com',
    apiMigrations: { gdpr: true }
  })
  t.match(await runCli(['descriptor', 'print', file]), { code: 2, err: /--base-url is needed/ })
  writeFileSync(file, JSON.stringify({ ...good, baseUrl: 'https://fixed.example.com' }))
  t.match((await runCli(['descriptor', 'print', file])).json(), { baseUrl: 'https://fixed.example.com' })
})

t.test(
  'descriptors of real apps are judged, and none breaks the command',
  { skip: hasRealInputs ? false : absent },
  async (t) => {
    for (const name of jsonFiles('descriptors')) {
      const file = join(realInputs, 'descriptors', name)
      const checked = await runCli(['descriptor', 'check', file])
      t.match(checked, { err: '' }, name)
      t.ok([0, 1, 3].includes(checked.code), name)
      t.equal(checked.code === 1, /^error /m.test(checked.out), name)
      t.match(
        await runCli(['descriptor', 'print', file, '--base-url', 'https://app.example.com']),
        { code: 0, err: '' },
        name
      )
    }
  }
)

t.test('a descriptor of Bitbucket is judged by the rules of Bitbucket', async (t) => {
  const file = join(newFolder(t), 'descriptor.json')
  const { lifecycle, ...rest } = good
  writeFileSync(
    file,
    JSON.stringify({ ...rest, name: 'Words', lifecycle, scopes: ['issue:write'], contexts: ['account'] })
  )
  t.match(await runCli(['descriptor', 'check', file, '--product', 'bitbucket']), { code: 0, out: /nothing was found/ })
  t.match(await runCli(['descriptor', 'check', file]), { code: 3, out: /scope-unknown/ })
  t.match(await runCli(['descriptor', 'check', file, '--product', 'trello']), {
    code: 2,
    err: /jira, confluence, bitbucket/
  })
  const options = ['--base-url', 'https://words.example.com', '--product', 'bitbucket']
  t.notOk('apiMigrations' in (await runCli(['descriptor', 'print', file, ...options])).json())
})
