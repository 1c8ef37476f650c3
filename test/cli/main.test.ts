import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { coloursFor } from '../../lib/cli/colours.ts'
import { suggest } from '../../lib/cli/suggest.ts'
import { version } from '../../lib/version.ts'
import { runCli } from './run-cli.ts'

const commands = [
  'descriptor',
  'doctor',
  'explain',
  'import-ace',
  'manifest',
  'migrate',
  'purge',
  'reencrypt',
  'replay',
  'sign'
]

t.test('every command and every action of one tells how it is used', async (t) => {
  const { out } = await runCli(['--help'])
  for (const command of commands) {
    t.match(out, new RegExp(`^  ${command} `, 'm'), `${command} is in the list`)
    for (const argv of [
      [command, '--help'],
      [command, '-h'],
      ['help', command]
    ]) {
      t.match(
        await runCli(argv),
        { code: 0, out: new RegExp(`fastify-atlassian ${command} `), err: '' },
        argv.join(' ')
      )
    }
  }
  t.match(await runCli(['descriptor', 'check', '--help']), { code: 0, out: /descriptor check FILE/ })
  t.match(await runCli(['descriptor', 'print', '--help']), { code: 0, out: /descriptor print FILE/ })
  t.match(await runCli(['migrate', 'status', '--help']), { code: 0, out: /migrate status\|latest/ })
  t.match(await runCli(['help', 'nothing']), { code: 2, err: /no command "nothing"/ })
  for (const argv of [['--version'], ['-v']]) t.same((await runCli(argv)).out, `${version}\n`)
})

t.test('every call in the documents has options that the command knows', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
  const calls = [...text.replaceAll('\\\n', ' ').matchAll(/npx fastify-atlassian ([a-z-]+)( [^\n`<]*)?$/gm)]
  t.ok(calls.length > 15, `there are ${calls.length}`)
  for (const [call, name = '', rest = ''] of calls) {
    if (name === 'dev' || name === 'new') continue
    const { code, out } = await runCli([name, '--help'])
    t.equal(code, 0, call)
    const printed = name === 'descriptor' ? (await runCli(['descriptor', 'print', '--help'])).out : out
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) t.match(printed, `  ${option}`, `${name} ${option}`)
  }
})

t.test('no usage is wider than a terminal of 120 columns', async (t) => {
  for (const argv of [['--help'], ...commands.map((command) => [command, '--help'])]) {
    const wide = (await runCli(argv)).out.split('\n').filter((line) => line.length > 120)
    t.same(wide, [], argv.join(' '))
  }
})

t.test('a mistyped name gets the name that was meant, and a stranger gets none', async (t) => {
  const cases: [typed: string, meant: string | null][] = [
    ['docter', 'doctor'],
    ['Doctor', 'doctor'],
    ['explian', 'explain'],
    ['replya', 'replay'],
    ['descr', 'descriptor'],
    ['sing', 'sign'],
    ['import_ace', 'import-ace'],
    ['x', null],
    ['constructor', null],
    ['frobnicate', null],
    ['a'.repeat(5000), null]
  ]
  for (const [typed, meant] of cases) t.equal(suggest(typed, commands), meant, typed.slice(0, 20))
  t.match(await runCli(['docter']), { code: 2, err: /There is no command "docter"\. Did you mean "doctor"\?/ })
  t.match(await runCli(['descriptor', 'chekc', 'x']), { code: 2, err: /Did you mean "check"\?/ })
  t.match(await runCli(['doctor', '--nothing']), { code: 2, err: /--nothing[\s\S]*"fastify-atlassian doctor --help"/ })
})

t.test('a token that stands in the wrong place is not repeated', async (t) => {
  const token = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"iss":"x"}').toString('base64url')}.c2lnbmF0dXJl`
  const wrong = [
    [token],
    ['explain', token, token],
    ['explain', `--${token}`],
    ['descriptor', token],
    ['migrate', token],
    ['replay', token],
    ['descriptor', 'check', token],
    ['doctor', token],
    ['sign', token]
  ]
  for (const argv of wrong) {
    const { out, err, code } = await runCli(argv)
    t.not(code, 0)
    for (const part of token.split('.')) t.notMatch(out + err, part, argv.length.toString())
  }
})

t.test('colours need a terminal that wants them', async (t) => {
  const { good } = coloursFor({ env: {}, isTerminal: true })
  t.equal(good('x'), '\u001b[32mx\u001b[39m')
  const plain = [
    { env: {} },
    { env: {}, isTerminal: false },
    { env: { NO_COLOR: '1' }, isTerminal: true },
    { env: { TERM: 'dumb' }, isTerminal: true }
  ]
  for (const world of plain) t.equal(coloursFor(world).good('x'), 'x')
  t.equal(coloursFor({ env: { NO_COLOR: '' }, isTerminal: true }).bad('x'), '\u001b[31mx\u001b[39m')
})
