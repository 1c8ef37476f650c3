// connect.md 9.1, entry 13: expired tokens, and times that are no times.
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

const LEEWAY = 30
const DAY = 86_400

/** Each kind of host token with its own route, made with these claims. */
async function requests({ host, jira }: Scene, claims: Record<string, unknown>) {
  return {
    page: withQuery('/panel', await host.sign.pageToken({ url: '/panel', claims })),
    context: withHeader('/api', await host.sign.contextToken({ claims })),
    webhook: withHeader('/own-webhook', await host.sign.webhookToken({ url: '/own-webhook', claims }), 'POST'),
    install: lifecycleCall(await host.sign.installToken({ claims }), lifecycleBody(jira))
  }
}

t.test('a token ends thirty seconds after `exp`, and not a second later', async (t) => {
  const nowSeconds = scene.clock() / 1000
  const late = await requests(scene, { iat: nowSeconds - 180, exp: nowSeconds - LEEWAY - 1 })
  for (const [kind, attack] of Object.entries(late)) await refuses(t, scene, attack, undefined, kind)
  // An install token must not be older than the one before, so all of these are issued now.
  const justInTime = await requests(scene, { iat: nowSeconds, exp: nowSeconds - LEEWAY })
  for (const [kind, request] of Object.entries(justInTime)) {
    const { statusCode } = await scene.app.inject(request)
    t.equal(statusCode, kind === 'install' ? 204 : 200, `${kind}: the last second counts`)
  }
})

t.test('a token that was good goes out while the clock runs', async (t) => {
  const good = await requests(scene, {})
  scene.clock.advanceSeconds(900 + LEEWAY + 1)
  for (const [kind, attack] of Object.entries(good)) await refuses(t, scene, attack, undefined, kind)
})

t.test('without a readable end, beginning or start of validity a token is refused', async (t) => {
  const nowSeconds = scene.clock() / 1000
  const wrong: Record<string, unknown>[] = [
    { exp: undefined },
    { exp: null },
    { exp: '' },
    { exp: String(nowSeconds + 180) },
    { exp: [nowSeconds + 180] },
    { exp: { valueOf: nowSeconds + 180 } },
    { exp: true },
    { exp: -1 },
    { exp: 0 },
    { exp: 1e308 },
    { exp: Number.MAX_SAFE_INTEGER },
    { exp: (nowSeconds + 180) * 1000 },
    { iat: undefined },
    { iat: null },
    { iat: String(nowSeconds) },
    { iat: -1 },
    { iat: 0 },
    { iat: nowSeconds + LEEWAY + 1, exp: nowSeconds + 180 },
    { iat: nowSeconds * 1000, exp: nowSeconds * 1000 + 180 },
    { iat: nowSeconds - DAY - 1, exp: nowSeconds + 1 },
    { iat: nowSeconds, exp: nowSeconds + DAY + 1 },
    { nbf: nowSeconds + LEEWAY + 1 },
    { nbf: String(nowSeconds) },
    { nbf: null },
    { nbf: -1 },
    { nbf: 1e300 }
  ]
  for (const claims of wrong) {
    for (const [kind, attack] of Object.entries(await requests(scene, claims))) {
      await refuses(t, scene, attack, undefined, `${kind}, ${JSON.stringify(claims)}`)
    }
  }
})

t.test('numbers that JSON can write and no clock can show are refused', async (t) => {
  const { host, jira } = scene
  const nowSeconds = scene.clock() / 1000
  for (const [iat, exp] of [
    [nowSeconds, '1e999'],
    ['-1e999', nowSeconds + 180],
    ['1e999', '1e999'],
    ['-0', nowSeconds + 180],
    ['NaN', nowSeconds + 180]
  ]) {
    const claims = `{"iss":"${jira.clientKey}","qsh":"context-qsh","iat":${iat},"exp":${exp}}`
    const token = host.sign.custom({ typ: 'JWT', alg: 'HS256' }, claims, jira.sharedSecret)
    await refuses(t, scene, withHeader('/api', token), undefined, `${iat} to ${exp}`)
  }
})

t.test('a claim that is written twice has no two meanings', async (t) => {
  const { host, jira, wiki } = scene
  const nowSeconds = scene.clock() / 1000
  const claims = `{"iss":"${wiki.clientKey}","iss":"${jira.clientKey}","qsh":"context-qsh","iat":${nowSeconds},"exp":${nowSeconds + 60}}`
  const byJira = host.sign.custom({ typ: 'JWT', alg: 'HS256' }, claims, jira.sharedSecret)
  const answer = await scene.app.inject(withHeader('/api', byJira))
  t.equal(answer.json().clientKey, jira.clientKey, 'the last one counts, for the lookup as for the result')
  const byWiki = host.sign.custom({ typ: 'JWT', alg: 'HS256' }, claims, wiki.sharedSecret)
  await refuses(t, scene, withHeader('/api', byWiki))
})
