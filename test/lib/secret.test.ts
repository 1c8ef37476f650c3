import { format, inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../lib/secret.ts'
import { redactUrl } from '../../plugins/redact.ts'

const HIDDEN = 'the-value-that-nobody-prints'
const secret = new Secret(HIDDEN)

t.test('a secret is revealed when asked, and only then', async (t) => {
  t.equal(secret.reveal(), HIDDEN)
  const holder = { tenant: { secret, list: [secret] }, map: new Map([['a', secret]]) }
  const printed: Record<string, string> = {
    String: String(secret),
    template: `${secret}`,
    concatenation: 'a'.concat(secret as unknown as string),
    JSON: JSON.stringify(holder),
    inspect: inspect(holder, { depth: 9, showHidden: true, getters: true }),
    format: format('%s %o %O %j', secret, secret, secret, secret),
    Error: inspect(new Error(`failed with ${secret}`, { cause: secret })),
    assigned: inspect(Object.assign(new Error('x'), { secret })),
    spread: JSON.stringify({ ...secret }),
    entries: JSON.stringify(Object.entries(secret)),
    descriptors: inspect(Object.getOwnPropertyDescriptors(secret), { depth: 9, showHidden: true }),
    keys: Reflect.ownKeys(secret).join(),
    clone: inspect(structuredClone(secret), { depth: 9, showHidden: true }),
    array: [secret].join(),
    property: Object.keys({ [secret as unknown as string]: 1 }).join(),
    locale: secret.toLocaleString(),
    symbol: inspect(Symbol(secret as unknown as string)),
    url: new URLSearchParams({ secret: secret as unknown as string }).toString()
  }
  for (const [name, text] of Object.entries(printed)) t.notMatch(text, HIDDEN, name)
  t.equal(String(secret), '[secret]')
  t.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
})

t.test('a secret stays hidden after its key was made', async (t) => {
  const used = new Secret(HIDDEN)
  const key = used.hmacKey()
  t.equal(used.hmacKey(), key, 'made once')
  t.equal(key.export().toString(), HIDDEN)
  t.notMatch(inspect(used, { depth: 9, showHidden: true }), HIDDEN)
  t.notMatch(JSON.stringify(used), HIDDEN)
})

t.test('secrets are compared by what they hold', async (t) => {
  t.ok(secret.equals(new Secret(HIDDEN)))
  t.notOk(secret.equals(new Secret('another')))
})

t.test('a URL for a log holds no token, however it is spelled', async (t) => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl'
  const urls = [
    `/panel?jwt=${token}`,
    `/panel?a=1&jwt=${token}&b=2`,
    `/panel?JWT=${token}`,
    `/panel?%6Awt=${token}`,
    `/panel?%6a%77%74=${token}`,
    `/panel?j%57t=${token}`,
    `/panel?x=%20;jwt=${token}`,
    `/panel/${token}`,
    `/panel?other=${token}`,
    `/panel?a=1#jwt=${token}`,
    `https://app.example.com/panel?jwt=${token}&jwt=${token}`,
    `/panel?return=%2Fpanel%3Fjwt%3D${token}`,
    `/panel?jwt=${token.replaceAll('.', '%2E')}`,
    `/panel?other=${token.replaceAll('.', '%2e')}`
  ]
  for (const url of urls) {
    const clean = redactUrl(url)
    t.notMatch(clean, /eyJpc3Mi|c2lnbmF0dXJl/, url)
    t.match(clean, '[secret]', url)
  }
  t.equal(redactUrl('/panel?a=1&jwt=x&b=2'), '/panel?a=1&jwt=[secret]&b=2', 'the rest stays')
  t.equal(
    redactUrl('/panel?acpt=x&token=y&access_token=z'),
    '/panel?acpt=[secret]&token=[secret]&access_token=[secret]'
  )
  const started = performance.now()
  redactUrl(`/panel?a=${'ey-'.repeat(50_000)}`)
  t.ok(performance.now() - started < 500, 'an endless one is no burden')
  t.equal(redactUrl('/keys?eye=1&monkey=2'), '/keys?eye=1&monkey=2', 'what is none stays')
})
