import t from 'tap'
import { INSTALLATION } from '../helpers/forge.ts'
import { buildEventApp } from '../helpers/forge-events.ts'

t.test('the goodbye of an installation that nobody knew ends none that lives', async (t) => {
  const scene = await buildEventApp(t)
  const { tenantId } = (await scene.app.inject(scene.call(await scene.token()))).json()
  const last: boolean[] = []
  scene.app.atlassian.events.on('forge:preUninstall', (event) => void last.push(event.lastInstallation))
  const former = 'ari:cloud:ecosystem::installation/1a3a7799-53ae-4a5b-9e7e-03338980abb5'
  const claims = {
    app: {
      module: { type: 'core:endpoint', key: 'events' },
      installationId: former,
      installation: { id: former, contexts: [] }
    }
  }
  t.equal((await scene.send({ context: {} }, { url: '/forge/lifecycle/pre-uninstall', claims })).statusCode, 204)
  const states = async () => {
    const tenant = await scene.app.atlassian.tenants.find({ tenantId })
    return Object.fromEntries(tenant?.installations.map((one) => [one.installationId, one.state]) ?? [])
  }
  for (let tries = 0; tries < 100 && (await states())[former] !== 'uninstalled'; tries++)
    await new Promise((next) => setTimeout(next, 5))
  t.same(await states(), { [INSTALLATION]: 'installed', [former]: 'uninstalled' })
  t.same(last, [false])
})
