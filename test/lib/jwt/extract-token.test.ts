import t from 'tap'
import { AuthenticationError } from '../../../lib/errors.ts'
import { extractToken } from '../../../lib/jwt/extract-token.ts'
import { parseSignedUrl } from '../../../lib/jwt/signed-url.ts'

interface Given {
  readonly url?: string
  readonly authorization?: readonly string[]
  readonly form?: Readonly<Record<string, unknown>>
}

function extract({ url = '/panel', authorization = [], form }: Given) {
  const request = { method: 'GET', url, authorization, contentType: undefined, form }
  return extractToken(request, parseSignedUrl(url))
}

t.test('one token is found where it is', async (t) => {
  t.equal(extract({}), null)
  t.equal(extract({ form: { a: '1' } }), null)
  t.same(extract({ url: '/panel?a=1&jwt=x.y.z' }), { token: 'x.y.z', place: 'query' })
  t.same(extract({ url: '/panel?jwt=' }), { token: '', place: 'query' }, 'an empty one is one, and refused later')
  t.same(extract({ authorization: ['JWT x.y.z'] }), { token: 'x.y.z', place: 'header' })
  t.same(extract({ authorization: ['jwt x.y.z'] }), { token: 'x.y.z', place: 'header' })
  t.same(extract({ form: { jwt: 'x.y.z', a: '1' } }), { token: 'x.y.z', place: 'form' })
})

t.test('a second token, in whatever place, is refused', async (t) => {
  const cases: Record<string, Given> = {
    'query twice': { url: '/panel?jwt=a&jwt=a' },
    'query and header': { url: '/panel?jwt=a', authorization: ['JWT a'] },
    'query and form': { url: '/panel?jwt=a', form: { jwt: 'a' } },
    'header and form': { authorization: ['JWT a'], form: { jwt: 'a' } },
    'form twice': { form: { jwt: ['a', 'b'] } },
    'form with an object': { form: { jwt: { length: 1 } } },
    'two headers': { authorization: ['JWT a', 'JWT a'] },
    'an empty one beside another': { url: '/panel?jwt=', authorization: ['JWT a'] }
  }
  for (const [name, given] of Object.entries(cases)) t.throws(() => extract(given), AuthenticationError, name)
})

t.test('another scheme or another spelling is refused, not ignored', async (t) => {
  const headers = [
    '',
    'JWT',
    'JWT ',
    'JWT  a',
    ' JWT a',
    'JWT a b',
    'JWT a,b',
    'JWT\ta',
    'Bearer a',
    'Basic a',
    'a.b.c'
  ]
  for (const header of headers) {
    t.throws(() => extract({ authorization: [header] }), { code: 'ATL_UNAUTHENTICATED' }, JSON.stringify(header))
    t.throws(() => extract({ authorization: [header], url: '/panel?jwt=a' }), AuthenticationError)
  }
})

t.test('an inherited member of a form is no token', async (t) => {
  t.equal(extract({ form: Object.create({ jwt: 'a' }) }), null)
})
