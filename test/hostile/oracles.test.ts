// connect.md 9.1, entry 22: from outside every refusal looks the same.
import t from 'tap'
import { installedApp, type Scene, withHeader, withQuery } from './attack.ts'

/** Requests that are refused for as many reasons as there are. */
async function refusedRequests({ host, jira, wiki }: Scene) {
  const page = (claims: object, key?: string) => host.sign.pageToken({ url: '/panel', claims: { ...claims }, key })
  return {
    'no token': { url: '/panel' },
    'no token at all, but a word': withQuery('/panel', 'word'),
    'unknown tenant': withQuery('/panel', await page({ iss: 'nobody' })),
    'bad signature': withQuery('/panel', await page({}, 'a-wrong-secret')),
    'signed by another tenant': withQuery('/panel', await page({}, wiki.sharedSecret)),
    'bad hash': withQuery('/panel', await host.sign.pageToken({ url: '/other' })),
    'fixed hash': withQuery('/panel', await host.contextToken()),
    'no hash': withQuery('/panel', await page({ qsh: undefined })),
    expired: withQuery('/panel', await page({ exp: 1 })),
    'wrong algorithm': withQuery('/panel', await host.sign.pageToken({ url: '/panel', header: { alg: 'HS512' } })),
    'two tokens': { ...withQuery('/panel', await page({})), headers: { authorization: 'JWT x' } },
    'another scheme': { url: '/panel', headers: { authorization: `Bearer ${jira.sharedSecret}` } },
    'a malformed address': withHeader('/panel?a=%ff', await page({}))
  }
}

const VARYING = new Set(['date', 'connection', 'keep-alive'])

t.test('the reason of a refusal stands in our log and nowhere else', async (t) => {
  const scene = await installedApp(t)
  const { app, host, lines } = scene
  const requests = await refusedRequests(scene)
  for (const accept of ['application/json', 'text/html']) {
    const answers = new Map<string, string[]>()
    for (const [name, request] of Object.entries(requests)) {
      lines.length = 0
      const headers = { accept, ...('headers' in request ? request.headers : {}) }
      const answer = await app.inject({ ...request, headers })
      const shown = Object.entries(answer.headers).filter(([header]) => !VARYING.has(header))
      const text = JSON.stringify([answer.statusCode, shown.sort(), answer.body])
      answers.set(text, [...(answers.get(text) ?? []), name])
      t.match(lines.join(''), /"reason":"[a-z-]+"/, `${name}: the log has a reason`)
    }
    t.equal(answers.size, 1, `one answer to ${Object.keys(requests).length} reasons for ${accept}`)
    t.match([...answers.keys()][0], /^\[401,/)
    t.notMatch([...answers.keys()][0], /signature|hash|tenant|issuer|expired|unknown/i)
  }

  const { body, headers } = await app.inject({ ...requests['bad hash'], headers: { accept: 'application/json' } })
  await host.uninstall()
  const uninstalled = await app.inject({ ...requests['no token'], headers: { accept: 'application/json' } })
  const alive = await host.sign.pageToken({ url: '/panel' })
  const dead = await app.inject({ ...withQuery('/panel', alive), headers: { accept: 'application/json' } })
  t.strictSame([dead.body, dead.headers['www-authenticate']], [body, headers['www-authenticate']])
  t.equal(uninstalled.body, body, 'a site that is gone looks like one that never was')
})

t.test('the first lines of a refusal hold nothing that a stranger sent', async (t) => {
  const { app } = await installedApp(t)
  for (const accept of ['application/json', 'text/html']) {
    const answer = await app.inject({
      url: '/panel?jwt=%3Cscript%3Ealert(1)%3C/script%3E&x=%3Cscript%3E',
      headers: { accept, 'x-request-id': '<script>', referer: '<script>' }
    })
    t.equal(answer.statusCode, 401)
    t.notMatch(answer.body + JSON.stringify(answer.headers), /script>/)
    t.equal(answer.headers['cache-control'], 'no-store')
  }
})
