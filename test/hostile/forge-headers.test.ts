// Where tokens may be, and what an answer or a log may tell (forge.md 9: 10, 11, 23, 24, 31, 32, 35).
import t from 'tap'
import { buildForgeApp, EVENT } from '../helpers/forge.ts'
import { UNAUTHENTICATED } from './attack.ts'
import { FORBIDDEN, leaksOf, refusesForge } from './forge-attack.ts'
import { listen, rawRequest, sendRaw } from './raw.ts'

t.test('an invocation token is taken from the one Authorization header only', async (t) => {
  const scene = await buildForgeApp(t)
  const token = await scene.token()
  const attacks: Record<string, object> = {
    'in no place': { url: '/forge' },
    'in the query': { url: `/forge?jwt=${token}` },
    'in the query as access_token': { url: `/forge?access_token=${token}` },
    'in the header and the query': { ...scene.call(token), url: `/forge?jwt=${token}` },
    'in the header and, spelled differently, in the query': { ...scene.call(token), url: `/forge?j%77t=${token}` },
    'in a cookie': { url: '/forge', headers: { cookie: `authorization=${token}; jwt=${token}` } },
    'in another header': { url: '/forge', headers: { 'x-forge-invocation-token': token } },
    'in a header for API tokens': { url: '/forge', headers: { 'x-forge-oauth-system': token } },
    'under the scheme of Connect': { url: '/forge', headers: { authorization: `JWT ${token}` } },
    'under no scheme': { url: '/forge', headers: { authorization: token } },
    'after two spaces': { url: '/forge', headers: { authorization: `Bearer  ${token}` } },
    'after a tab': { url: '/forge', headers: { authorization: `Bearer\t${token}` } },
    'twice, by a comma': { url: '/forge', headers: { authorization: `Bearer ${token}, Bearer ${token}` } },
    'with something behind it': { url: '/forge', headers: { authorization: `Bearer ${token} x` } },
    'under a scheme that begins alike': { url: '/forge', headers: { authorization: `BearerX ${token}` } },
    'nothing behind the scheme': { url: '/forge', headers: { authorization: 'Bearer ' } }
  }
  for (const [name, attack] of Object.entries(attacks)) await refusesForge(t, scene, attack, undefined, name)
})

t.test('the scheme may be written in any case', async (t) => {
  const scene = await buildForgeApp(t)
  for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
    const headers = { authorization: `${scheme} ${await scene.token()}` }
    t.equal((await scene.app.inject({ url: '/forge', headers })).statusCode, 200, scheme)
  }
})

t.test('two Authorization headers are refused, which inject could not send', async (t) => {
  const scene = await buildForgeApp(t)
  const token = await scene.token()
  const port = await listen(scene.app)
  const send = async (...headers: string[]) =>
    (await sendRaw(port, rawRequest('GET', '/forge', ['Host: app.example.com', ...headers]))).status
  t.equal(await send(`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`), 401)
  t.equal(await send(`Authorization: Bearer ${token}`, 'authorization: JWT x'), 401)
  t.equal(await send('Authorization: JWT x', `Authorization: Bearer ${token}`), 401)
  t.equal(await send(`Authorization: Bearer ${token}`), 200)
})

t.test('a token that is too long is refused before it is read', async (t) => {
  const scene = await buildForgeApp(t)
  const long = await scene.token({ padding: 'x'.repeat(12_400) })
  t.ok(long.length > 16_384, `${long.length}`)
  await refusesForge(t, scene, scene.call(long))
  const almost = await scene.token({ padding: 'x'.repeat(8000) })
  t.equal((await scene.app.inject(scene.call(almost))).statusCode, 200, `${almost.length} are not`)
})

t.test('API tokens reach the handler as secrets, and only with a good call', async (t) => {
  const seen: unknown[] = []
  const scene = await buildForgeApp(t, {
    routes(app) {
      app.get('/tokens', app.atlassian.protect('forge'), async (request) => {
        const { system, user } = request.forge?.tokens ?? {}
        seen.push([system?.reveal() ?? null, user?.reveal() ?? null])
        request.log.info({ forge: request.forge, headers: request.headers.host }, 'everything')
        return request.forge
      })
    }
  })
  const token = await scene.token()
  const system = `system.${'s'.repeat(40)}.token`
  const user = `user.${'u'.repeat(40)}.token`
  const call = (headers: Record<string, string>) => scene.app.inject(scene.call(token, { url: '/tokens', headers }))
  const answer = await call({ 'x-forge-oauth-system': system, 'X-Forge-OAuth-User': user })
  t.strictSame(answer.json().tokens, { system: '[secret]', user: '[secret]' })
  await call({ 'x-forge-oauth-system': '' })
  await call({ 'x-forge-oauth-user': user })
  t.strictSame(seen, [
    [system, user],
    [null, null],
    [null, user]
  ])
  t.notOk(scene.lines.join('').includes(system) || scene.lines.join('').includes(user), 'no token in the log')

  const attacks: Record<string, Record<string, string>> = {
    'the invocation token as system token': { 'x-forge-oauth-system': token },
    'the invocation token as user token': { 'x-forge-oauth-user': token },
    'two system tokens': { 'x-forge-oauth-system': `${system}, ${system}` },
    'a system token with a line inside': { 'x-forge-oauth-system': `${system} ${user}` },
    'a system token without end': { 'x-forge-oauth-system': 's'.repeat(16_385) }
  }
  for (const [name, headers] of Object.entries(attacks)) {
    await refusesForge(t, scene, scene.call(token, { headers }), undefined, name)
  }
  seen.length = 0
  const stranger = await scene.token({}, { key: 'stranger', header: { kid: 'forge/invocation-token/one' } })
  const refused = scene.call(stranger, { url: '/tokens', headers: { 'x-forge-oauth-system': system } })
  await refusesForge(t, scene, refused)
  t.strictSame(seen, [])
})

t.test('a stranger is refused before the body is read', async (t) => {
  const scene = await buildForgeApp(t)
  const deep = '['.repeat(100_000)
  const headers = { 'content-type': 'application/json' }
  await refusesForge(t, scene, { method: 'POST', url: '/forge', headers, payload: deep })
  await refusesForge(t, scene, { method: 'POST', url: '/event', headers, payload: `{"__proto__":${deep}` })
  await refusesForge(t, scene, { method: 'POST', url: '/forge', headers: { 'content-type': 'image/x' }, payload: 'x' })
})

t.test('every reason has the same answer, and neither answer nor log tells what the token says', async (t) => {
  const scene = await buildForgeApp(t)
  const tokens = [
    await scene.token({ exp: 1 }),
    await scene.token({ aud: 'x' }),
    await scene.token({}, { key: 'stranger' }),
    await scene.token({ app: { environment: { type: 'STAGING', id: 'x' } } }),
    'x'
  ]
  const bodies = new Set<string>()
  for (const token of tokens) {
    const attack = scene.call(token)
    const answer = await scene.app.inject(attack)
    bodies.add(
      `${answer.statusCode} ${answer.headers['content-type']} ${answer.headers['www-authenticate']} ${answer.body}`
    )
    t.strictSame(leaksOf(scene, attack, answer.body), [])
  }
  t.equal(bodies.size, 1)
  t.match(scene.lines.join(''), /"reason":"expired"/, 'the log says which check failed')
  await refusesForge(t, scene, scene.call(await scene.token(EVENT)), FORBIDDEN, 'and a good token gets no 401')
  t.equal(UNAUTHENTICATED.statusCode, 401)
})

t.test('an app that logs all headers of a request logs no token', async (t) => {
  const scene = await buildForgeApp(t, {
    serializers: { req: (request: { headers: object }) => ({ headers: request.headers }) }
  })
  const attack = scene.call(await scene.token(), {
    headers: { 'x-forge-oauth-system': `system.${'s'.repeat(40)}`, 'x-forge-oauth-user': `user.${'u'.repeat(40)}` }
  })
  t.equal((await scene.app.inject(attack)).statusCode, 200)
  t.match(scene.lines.join(''), /"x-forge-oauth-system":"\[secret\]"/)
  t.strictSame(leaksOf(scene, attack, ''), [])
})
