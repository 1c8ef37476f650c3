import t from 'tap'
import { AuthenticationError } from '../../../lib/errors.ts'
import { checkTimes, parseConnectClaims } from '../../../lib/jwt/claims.ts'

const good = { iss: 'acme-client', iat: 1000, exp: 1180, qsh: 'x' }

function reasonOf(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof AuthenticationError) return error.reason
    throw error
  }
}

t.test('what is left out is null, what is empty counts as left out', async (t) => {
  const claims = { iss: 'acme-client', aud: [], sub: null, qsh: null, iat: 1000, exp: 1180, nbf: null, context: {} }
  t.same(parseConnectClaims({ iss: 'acme-client', iat: 1000, exp: 1180 }), claims)
  t.same(parseConnectClaims({ iss: 'acme-client', iat: 1000, exp: 1180, sub: '', qsh: null, aud: null }), claims)
  t.same(parseConnectClaims({ ...good, aud: 'one' }).aud, ['one'])
  t.same(parseConnectClaims({ ...good, aud: ['one', 'two'] }).aud, ['one', 'two'])
})

t.test('a claim of another shape is refused', async (t) => {
  const wrong: Record<string, unknown[]> = {
    iss: [undefined, null, '', 1, true, {}, ['acme-client'], 'x'.repeat(1025), '\ud800', { toString: () => 'a' }],
    sub: [1, {}, ['u'], '\udc00', 'x'.repeat(1025)],
    qsh: [1, {}, ['x'], false],
    iat: [undefined, null, '1000', Number.NaN, Number.POSITIVE_INFINITY, -1, {}, [1000], true],
    exp: [undefined, null, '1180', Number.NaN, Number.POSITIVE_INFINITY, -1, {}, [1180]],
    nbf: [null, '1000', Number.NaN, {}],
    aud: [1, {}, [1], ['a', null], Array.from({ length: 21 }, () => 'a')]
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const reason = reasonOf(() => parseConnectClaims({ ...good, [name]: value }))
      t.match(reason, /^claim-(?:shape|missing)$/, `${name}: ${JSON.stringify(value) ?? 'undefined'}`)
    }
  }
})

t.test('a claim that is only inherited or named like a prototype gives nothing', async (t) => {
  const payload: unknown = JSON.parse('{"__proto__":{"iss":"x"},"iat":1000,"exp":1180}')
  t.equal(
    reasonOf(() => parseConnectClaims(payload as Record<string, unknown>)),
    'claim-missing'
  )
})

t.test('the context is an object that nobody can change, whatever came', async (t) => {
  for (const context of [undefined, null, 'jira', 1, ['jira'], true]) {
    t.same(parseConnectClaims({ ...good, context }).context, {})
  }
  const { context } = parseConnectClaims({ ...good, context: { jira: { issue: { key: 'TEA-1' } }, list: [{ a: 1 }] } })
  t.equal(context.jira?.issue?.key, 'TEA-1')
  t.ok(Object.isFrozen(context) && Object.isFrozen(context.jira) && Object.isFrozen(context.jira?.issue))
  t.ok(Object.isFrozen(context.list))
})

t.test('a token lives from iat to exp, with some seconds of grace on both sides', async (t) => {
  const claims = (changes: object) => parseConnectClaims({ ...good, ...changes })
  const rules = { leewaySeconds: 30, maxLifetimeSeconds: 3600 }
  const cases: [name: string, claims: object, now: number, reason: string | null][] = [
    ['in the middle', {}, 1100, null],
    ['the last second', {}, 1180, null],
    ['the last second of grace', {}, 1210, null],
    ['after it', {}, 1210.5, 'expired'],
    ['long ago', {}, 9999, 'expired'],
    ['a clock that is a little late', {}, 970, null],
    ['from the future', {}, 969, 'issued-in-the-future'],
    ['not yet', { nbf: 1131 }, 1100, 'not-yet-valid'],
    ['nearly', { nbf: 1130 }, 1100, null],
    ['the longest life', { exp: 4600 }, 1100, null],
    ['a longer one', { exp: 4601 }, 1100, 'lifetime-too-long'],
    ['a life of years', { exp: 1e12 }, 1100, 'lifetime-too-long'],
    ['exp before iat', { iat: 1100, exp: 1090 }, 1100, null],
    ['both at once', { iat: 0, exp: 0 }, 1100, 'expired']
  ]
  for (const [name, changes, now, reason] of cases) {
    t.equal(
      reasonOf(() => checkTimes(claims(changes), now, rules)),
      reason,
      name
    )
  }
  t.equal(
    reasonOf(() => checkTimes(claims({}), 1181, { ...rules, leewaySeconds: 0 })),
    'expired'
  )
})
