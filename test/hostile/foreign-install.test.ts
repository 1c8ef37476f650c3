// connect.md 9.1, entry 5: a valid install token of one tenant with the body of another.
import t from 'tap'
import { BAD_LIFECYCLE_BODY, installedApp, lifecycleBody, lifecycleCall, refuses } from './attack.ts'

t.test('the issuer of an install token has to be the clientKey of its body', async (t) => {
  const scene = await installedApp(t)
  const { host, wiki } = scene
  for (const eventType of ['installed', 'uninstalled']) {
    const url = `/${eventType}`
    const call = (token: string, body: object) => lifecycleCall(token, body, url)
    const takeover = lifecycleBody(wiki, { eventType, sharedSecret: 'taken-over-by-a-stranger' })
    const ofJira = await host.sign.installToken({ url })
    await refuses(t, scene, call(ofJira, takeover), undefined, `${eventType} of another tenant`)

    const nobody = await host.sign.installToken({ url, claims: { iss: 'nobody' } })
    await refuses(t, scene, call(nobody, takeover), undefined, `${eventType} by an unknown issuer`)

    for (const iss of [undefined, '', null, [wiki.clientKey], { toString: wiki.clientKey }, 0, true]) {
      const token = await host.sign.installToken({ url, claims: { iss } })
      await refuses(t, scene, call(token, takeover), undefined, `${eventType} by issuer ${JSON.stringify(iss)}`)
    }
    for (const clientKey of [
      wiki.clientKey.toUpperCase(),
      ` ${wiki.clientKey}`,
      `${wiki.clientKey}/`,
      wiki.clientKey.slice(0, -1)
    ]) {
      const token = await host.sign.installToken({ url, site: 'confluence' })
      const body = lifecycleBody(wiki, { eventType, clientKey })
      await refuses(t, scene, call(token, body), undefined, `${eventType} for ${JSON.stringify(clientKey)}`)
    }
  }
})

t.test('nobody becomes a tenant under the name of the app itself', async (t) => {
  const scene = await installedApp(t)
  const token = await scene.host.sign.installToken({ claims: { iss: 'test-app' } })
  const body = lifecycleBody(scene.jira, { clientKey: 'test-app' })
  await refuses(t, scene, lifecycleCall(token, body), BAD_LIFECYCLE_BODY)
})

t.test('the right issuer with a signature of another key changes nothing', async (t) => {
  const scene = await installedApp(t)
  const { host, jira } = scene
  const [header, claims] = (await host.sign.installToken()).split('.')
  const [, , signature] = (await host.sign.installToken({ site: 'confluence' })).split('.')
  const body = lifecycleBody(jira, { sharedSecret: 'taken-over-by-a-stranger' })
  await refuses(t, scene, lifecycleCall(`${header}.${claims}.${signature}`, body))
})
