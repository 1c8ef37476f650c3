import t from 'tap'
import { parseAcOpts, refuseAcOpts } from '../../../lib/config/ac-opts.ts'
import { ConfigurationError } from '../../../lib/config/configuration-error.ts'

t.test('words of AC_OPTS say how dev registers', async (t) => {
  const rows: [text: string | undefined, register: string, deregister: string][] = [
    [undefined, 'auto', 'auto'],
    ['', 'auto', 'auto'],
    ['force-reg', 'always', 'auto'],
    ['force-dereg', 'auto', 'always'],
    ['no-reg', 'never', 'auto'],
    ['force-reg,force-dereg', 'always', 'always'],
    [' force-reg  force-dereg ', 'always', 'always'],
    // As in ACE, where nothing is registered as soon as the one word is there.
    ['force-reg,no-reg', 'never', 'auto']
  ]
  for (const [text, register, deregister] of rows) {
    t.same(parseAcOpts(text), { register, deregister, refused: [], unknown: [] }, text ?? 'none')
  }
})

t.test('only whole words count', async (t) => {
  for (const text of ['no-registration', 'xforce-reg', 'force-reg-now', 'NO-REG', 'no_auth', 'no-authentication']) {
    t.same(parseAcOpts(text), { register: 'auto', deregister: 'auto', refused: [], unknown: [text] }, text)
  }
})

t.test(
  'a word that would turn authentication off is refused with one sentence that names the replacement',
  async (t) => {
    for (const word of ['no-auth', 'no-token-verfication', 'no-token-verification']) {
      for (const text of [word, `force-reg,${word}`, ` ${word} `]) {
        const { refused } = parseAcOpts(text)
        t.equal(refused.length, 1, text)
        t.match(refused[0], /"npx fastify-atlassian dev" starts the app beside a simulated host/)
        t.ok(refused[0]?.includes(`"${word}"`))
        t.throws(() => refuseAcOpts(text), ConfigurationError)
      }
    }
    t.doesNotThrow(() => refuseAcOpts('force-reg,no-reg,whatever'))
  }
)
