// connect.md 9.1, entry 2: a symmetric token on `installed` and `uninstalled`.
import { createPublicKey } from 'node:crypto'
import t from 'tap'
import { installedApp, lifecycleBody, lifecycleCall, refuses, type Scene } from './attack.ts'

t.test('the secret of a tenant signs no life-cycle call of that tenant', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  for (const eventType of ['installed', 'uninstalled'] as const) {
    const url = `/${eventType}`
    const body = lifecycleBody(jira, { eventType, sharedSecret: 'taken-over-by-a-stranger' })
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const token = await host.sign.installToken({ url, header: { alg }, key: jira.sharedSecret })
      await refuses(t, scene, lifecycleCall(token, body, url), undefined, `${alg} on ${url}`)
    }
    const webhook = await host.sign.webhookToken({ url })
    await refuses(t, scene, lifecycleCall(webhook, body, url), undefined, `a webhook token for ${url}`)
  }
})

t.test('the public key is no HMAC secret, in none of its spellings', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const pem = await installKey(scene)
  const spellings: Record<string, string> = {
    'as published': pem,
    'without its last line break': pem.trimEnd(),
    'with Windows line breaks': pem.replaceAll('\n', '\r\n'),
    'only its base64': pem.replace(/-----[^-]+-----|\s/g, ''),
    'as PKCS #1': createPublicKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
  }
  for (const [name, key] of Object.entries(spellings)) {
    for (const url of ['/installed', '/uninstalled']) {
      const token = await host.sign.installToken({ url, header: { alg: 'HS256' }, key })
      const body = lifecycleBody(jira, { eventType: url.slice(1) })
      await refuses(t, scene, lifecycleCall(token, body, url), undefined, `${name}, on ${url}`)
    }
  }
})

async function installKey({ host }: Scene): Promise<string> {
  const [header = ''] = (await host.sign.installToken()).split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const answer = await fetch(`${host.connectOptions().installKeyHosts[0]}/${kid}`)
  return await answer.text()
}
