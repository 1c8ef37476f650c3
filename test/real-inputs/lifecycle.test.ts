import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { absent, hasRealInputs, jsonFiles, realInputs } from './folder.ts'

/** Status, code and the member that is named in the log; then the same body with what it lacks. */
const expected: Readonly<
  Record<
    string,
    { status: number; code?: string; reason?: object; appKey: string; complete?: object; completedStatus?: number }
  >
> = {
  'installed-full-php-test.json': { status: 204, appKey: 'test' },
  'installed-key-with-spaces.json': {
    status: 400,
    code: 'ATL_LIFECYCLE_BODY',
    reason: { member: 'key' },
    appKey: 'my-app',
    // Its site is not one of Atlassian's either.
    complete: { key: 'my-app' },
    completedStatus: 403
  },
  'installed-minimal-github.json': {
    status: 400,
    code: 'ATL_LIFECYCLE_BODY',
    reason: { member: 'eventType' },
    appKey: 'github',
    complete: { key: 'github', eventType: 'installed' },
    completedStatus: 204
  }
}

if (!hasRealInputs) t.plan(0, absent)
else {
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  t.strictSame(jsonFiles('lifecycle'), Object.keys(expected).sort(), 'every real body has a verdict')

  for (const [name, { status, code, reason, appKey, complete, completedStatus }] of Object.entries(expected)) {
    t.test(`${name}, signed as the host would, has its verdict`, async (t) => {
      const { allowedHosts } = host.connectOptions()
      const { app, store, lines } = await buildApp(t, {
        host,
        descriptorMembers: { key: appKey },
        store: 'sqlite::memory:',
        allowedHosts: ['*.atlassian.net', '*.jira.com', ...allowedHosts]
      })
      await host.install(app)
      const body = JSON.parse(readFileSync(join(realInputs, 'lifecycle', name), 'utf8'))
      const send = async (payload: object) =>
        await app.inject({
          method: 'POST',
          url: '/installed',
          headers: { authorization: `JWT ${await host.sign.installToken({ claims: { iss: body.clientKey } })}` },
          payload
        })
      const answer = await send(body)
      t.equal(answer.statusCode, status)
      const find = () => app.atlassian.tenants.find({ clientKey: body.clientKey })
      if (code !== undefined) {
        t.equal(answer.json().code, code)
        t.match(
          lines.map((line) => JSON.parse(line)).findLast(({ msg }) => msg === 'request refused'),
          reason ?? {}
        )
        t.equal(await find(), null)
      }
      if (complete !== undefined) t.equal((await send({ ...body, ...complete })).statusCode, completedStatus)
      const tenant = await find()
      const stored = (completedStatus ?? status) === 204
      t.equal(tenant?.baseUrl, stored ? body.baseUrl : undefined)
      t.equal(tenant?.sharedSecret?.reveal(), stored ? body.sharedSecret : undefined)
      t.equal(tenant?.oauthClientId ?? null, stored ? (body.oauthClientId ?? null) : null)
      if (stored) {
        const jwt = await host.sign.pageToken({
          url: '/panel',
          key: body.sharedSecret,
          claims: { iss: body.clientKey }
        })
        t.equal((await app.inject(`/panel?jwt=${jwt}`)).statusCode, 200, 'and its secret opens pages')
      }
      t.notOk(lines.join().includes(body.sharedSecret))
      t.ok(store)
    })
  }
}
