import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ace } from 'fastify-atlassian/ace'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'

t.test('what docs/from-ace.md says to be in the module is there, and what it says to be missing is not', async (t) => {
  const objects: Record<string, object> = {}
  await buildApp(t, {
    routes(app) {
      const addon = ace(app)
      Object.assign(objects, {
        AddOn: addon,
        HostClient: addon.httpClient({ clientKey: 'any' }),
        StoreAdapter: addon.settings,
        KVStore: addon.settings.forForgeInstallation('any'),
        Config: addon.config
      })
    }
  })
  const document = readFileSync(join(import.meta.dirname, '../../docs/from-ace.md'), 'utf8')
  let there = 0
  for (const [, names = '', module = ''] of document.matchAll(/^\| (.*?) \| (.*?) \|/gm)) {
    for (const [, owner = '', member = ''] of names.matchAll(/`(\w+)\.(\w+)`/g)) {
      const object = objects[owner]
      if (object === undefined || member === 'userKey') continue
      const isThere = !/^(?:not there|give what)/.test(module)
      t.equal(member in object, isThere, `${owner}.${member}: ${module}`)
      if (isThere) there++
    }
  }
  t.ok(there > 30, `${there} names are in the module`)
})
