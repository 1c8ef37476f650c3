// connect.md 9.1, entry 1: `alg: none`, empty signature, missing third segment, four segments.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene, withHeader, withQuery } from './attack.ts'

// Every test here ends as it began, so they share one app.
let scene: Scene
t.before(async () => {
  scene = await installedApp(t)
})

t.test('a token that nobody signed opens nothing, however it writes its algorithm', async (t) => {
  const { host, jira } = scene
  const page = await host.sign.pageToken({ url: '/panel' })
  const context = await host.sign.contextToken()
  const webhook = await host.sign.webhookToken({ url: '/hook' })
  const install = await host.sign.installToken()

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', 'hs256', null, 0, ['HS256'], { alg: 'HS256' }]) {
    const header = JSON.stringify({ typ: 'JWT', alg })
    const name = `alg ${JSON.stringify(alg)}`
    const forged = (token: string, ending: string) => `${segment(header)}.${token.split('.')[1]}${ending}`
    for (const ending of ['.', `.${page.split('.')[2]}`]) {
      await refuses(t, scene, withQuery('/panel', forged(page, ending)), undefined, `page, ${name}`)
      await refuses(t, scene, withHeader('/api', forged(context, ending)), undefined, `context, ${name}`)
      await refuses(t, scene, withHeader('/hook', forged(webhook, ending), 'POST'), undefined, `webhook, ${name}`)
      const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
      await refuses(t, scene, lifecycleCall(forged(install, ending), body), undefined, `install, ${name}`)
    }
  }
})

t.test('a good signature helps no header that names another algorithm', async (t) => {
  const { host, jira } = scene
  for (const alg of ['none', 'HS384', 'HS512', 'RS256', 'hs256', 'HS256 ', '', null, undefined, ['HS256']]) {
    const [, claims] = (await host.sign.contextToken()).split('.')
    const input = `${segment(JSON.stringify({ typ: 'JWT', alg }))}.${claims}`
    const token = `${input}.${createHmac('sha256', jira.sharedSecret).update(input).digest('base64url')}`
    await refuses(t, scene, withHeader('/api', token), undefined, JSON.stringify(alg))
  }
})

t.test('a token without `alg` is refused', async (t) => {
  const { host, jira } = scene
  const token = await host.sign.contextToken({ header: { alg: undefined }, key: jira.sharedSecret })
  await refuses(t, scene, withHeader('/api', token))
})

t.test('a token has exactly three segments of base64url, none of them empty', async (t) => {
  const { host } = scene
  const good = await host.sign.contextToken()
  const [header = '', claims = '', signature = ''] = good.split('.')
  const shapes: Record<string, string> = {
    'one segment': header,
    'no third segment': `${header}.${claims}`,
    'an empty third segment': `${header}.${claims}.`,
    'an empty second segment': `${header}..${signature}`,
    'an empty first segment': `.${claims}.${signature}`,
    'four segments': `${good}.${signature}`,
    'a fourth empty segment': `${good}.`,
    'five segments, as an encrypted token': `${good}.${signature}.${signature}`,
    'dots alone': '..',
    padding: `${header}.${claims}.${signature}=`,
    'base64 instead of base64url': `${header}.${claims}.${signature.slice(0, -2)}+/`,
    'a letter outside of the alphabet': `${header}.${claims}!.${signature}`,
    'a changed last bit of the signature': `${header}.${claims}.${changeLastBit(signature)}`,
    'a signature cut short': `${header}.${claims}.${signature.slice(0, -1)}`,
    'a signature that goes on': `${good}AAAA`
  }
  for (const [name, token] of Object.entries(shapes)) {
    await refuses(t, scene, withHeader('/api', token), undefined, name)
    await refuses(t, scene, { url: `/api?jwt=${encodeURIComponent(token)}` }, undefined, `${name}, in the query`)
  }
  t.equal((await scene.app.inject(withHeader('/api', good))).statusCode, 200, 'the token they were made of is good')
})

t.test('header and claims have to be JSON objects', async (t) => {
  const { host, jira } = scene
  const parts = ['null', '[]', '"text"', '1', '{', '', '\u0000', '{"alg":"HS256"}}']
  for (const part of parts) {
    const asClaims = host.sign.custom({ typ: 'JWT', alg: 'HS256' }, part, jira.sharedSecret)
    await refuses(t, scene, withHeader('/api', asClaims), undefined, `claims ${JSON.stringify(part)}`)
    const [, claims] = (await host.sign.contextToken()).split('.')
    const asHeader = `${segment(part)}.${claims}.${'A'.repeat(43)}`
    await refuses(t, scene, withHeader('/api', asHeader), undefined, `header ${JSON.stringify(part)}`)
  }
})

function segment(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** 32 bytes take 43 characters, and the last one has two bits that mean nothing: another spelling of the same bytes. */
function changeLastBit(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signature.slice(-1))
  return signature.slice(0, -1) + alphabet[last ^ 1]
}
