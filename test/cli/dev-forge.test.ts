import t from 'tap'
import { source, startDev } from './dev-app.ts'

const appId = '0b5d7a4c-3b1d-4f5a-9c7e-2a1b3c4d5e6f'
const manifest = (title: string) => `
app:
  id: ari:cloud:ecosystem::app/${appId}
  runtime:
    name: nodejs22.x
remotes:
  - key: backend
    baseUrl: https://app.example.com
modules:
  jira:issuePanel:
    - key: panel
      title: ${title}
      resolver:
        endpoint: call
  endpoint:
    - key: call
      remote: backend
permissions:
  scopes:
    - read:jira-work
`

t.test('a Forge app is installed by its manifest, and a changed manifest is deployed without a restart', async (t) => {
  const server = source('one', 'descriptor: undefined, ...told')
    .replace("descriptor: import.meta.dirname + '/atlassian-connect.json',", '')
    .replace("app.get('/hello', ", "app.get('/hello', app.atlassian.protect('forge'), ")
  const dev = startDev(t, {
    files: {
      'server.ts': server,
      'atlassian-connect.json': null,
      'manifest.yml': manifest('One'),
      'ui/index.js': ''
    },
    argv: ['--resource', 'page=ui']
  })
  await dev.next('site', /acme-jira as a Forge app/)
  const { app } = await dev.next('ready')
  const { pid } = (await (await fetch(`${app}/pid`)).json()) as { pid: number }
  t.equal((await fetch(`${app}/hello`)).status, 401)
  dev.write('manifest.yml', manifest('Two'))
  await dev.next('manifest', /is deployed/)
  dev.write('ui/index.js', 'changed')
  dev.write('manifest.yml', 'app: [')
  await dev.next('problem', /manifest is not deployed/)
  t.match(await (await fetch(`${app}/pid`)).json(), { pid })
  await dev.stop()
})

t.test('an app that is installed by Connect knows the Forge side too', async (t) => {
  const dev = startDev(t, { files: { 'manifest.yml': manifest('One') } })
  await dev.next('site', /installed on acme-jira$/)
  await dev.next('site', /installed on acme-wiki$/)
  await dev.next('ready')
  await dev.stop()
})
