import fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../../lib/secret.ts'
import { applyLifecycleEvent, type LifecycleEvent } from '../../../lib/tenant/lifecycle.ts'
import type { LifecyclePayload } from '../../../lib/tenant/lifecycle-payload.ts'
import { type ConnectTenant, isAlive, isConnected } from '../../../lib/tenant/tenant.ts'
import { APP_KEY, makeTenant } from './make-tenant.ts'

interface Install {
  readonly at: number
  readonly secret?: string
  /** Same text, same token. */
  readonly token?: string
  readonly body?: string
  readonly installationId?: string
  readonly baseUrl?: string
}

function payload(eventType: 'installed' | 'uninstalled', given: Install): LifecyclePayload {
  return {
    eventType,
    key: APP_KEY,
    clientKey: 'acme-client',
    baseUrl: given.baseUrl ?? 'https://acme.atlassian.net',
    product: 'jira',
    sharedSecret: eventType === 'installed' ? new Secret(given.secret ?? 'first') : null,
    displayUrl: null,
    displayUrlServicedeskHelpCenter: null,
    oauthClientId: null,
    entitlementId: null,
    entitlementNumber: null,
    installationId: given.installationId ?? null
  }
}

function signed(type: 'installed' | 'uninstalled', given: Install): LifecycleEvent {
  const token = given.token ?? `${type} ${given.at}`
  const mark = { token, body: given.body ?? token, expSeconds: given.at + 180 }
  return { type, payload: payload(type, given), mark, iatSeconds: given.at }
}

const installed = (given: Install) => signed('installed', given)
const uninstalled = (given: Install) => signed('uninstalled', given)
const enabled: LifecycleEvent = { type: 'enabled' }
const disabled: LifecycleEvent = { type: 'disabled' }

/** Applies events in order, as a store would, and tells what each did. */
function play(events: readonly LifecycleEvent[], start: ConnectTenant | null = null) {
  let tenant = start
  const changes = events.map((event, index) => {
    const outcome = applyLifecycleEvent(tenant, event, {
      nowMs: 50_000 + 1000 * (index + 1),
      newTenantId: 'tenant-1',
      newConnectId: 'connect-2',
      joins: null
    })
    if (outcome.outcome === 'save') {
      tenant = { ...outcome.tenant, version: (tenant?.version ?? 0) + 1 }
      return outcome.change
    }
    return outcome.outcome === 'refused' ? `refused ${outcome.reason}` : 'unchanged'
  })
  return { changes, tenant: tenant as ConnectTenant | null, alive: tenant !== null && isAlive(tenant) }
}

t.test('every order of events ends where it should', async (t) => {
  const first = installed({ at: 10 })
  const update = installed({ at: 20 })
  const rotation = installed({ at: 20, secret: 'second' })
  const end = uninstalled({ at: 30 })
  const again = installed({ at: 40 })
  const cases: [name: string, events: LifecycleEvent[], changes: string[], alive: boolean][] = [
    ['first install', [first], ['first-install'], true],
    ['uninstall of a stranger', [end], ['unchanged'], false],
    ['enabled of a stranger', [enabled], ['unchanged'], false],
    ['disabled of a stranger', [disabled], ['unchanged'], false],
    ['enabled after install', [first, enabled], ['first-install', 'enabled'], true],
    ['disabled after install', [first, disabled], ['first-install', 'disabled'], true],
    ['off and on', [first, disabled, enabled], ['first-install', 'disabled', 'enabled'], true],
    ['off twice', [first, disabled, disabled], ['first-install', 'disabled', 'disabled'], true],
    ['update', [first, update], ['first-install', 'update'], true],
    ['update while disabled', [first, disabled, update], ['first-install', 'disabled', 'update'], true],
    ['rotation', [first, rotation], ['first-install', 'rotation'], true],
    ['uninstall', [first, end], ['first-install', 'uninstalled'], false],
    ['disabled before uninstall', [first, disabled, end], ['first-install', 'disabled', 'uninstalled'], false],
    ['disabled after uninstall', [first, end, disabled], ['first-install', 'uninstalled', 'unchanged'], false],
    ['enabled after uninstall', [first, end, enabled], ['first-install', 'uninstalled', 'unchanged'], false],
    ['uninstalled twice', [first, end, uninstalled({ at: 31 })], ['first-install', 'uninstalled', 'none'], false],
    ['reinstall', [first, end, again], ['first-install', 'uninstalled', 'reinstall'], true],
    [
      'reinstall with another secret',
      [first, end, installed({ at: 40, secret: 'second' })],
      ['first-install', 'uninstalled', 'reinstall'],
      true
    ],
    [
      'enabled after reinstall',
      [first, end, again, enabled],
      ['first-install', 'uninstalled', 'reinstall', 'enabled'],
      true
    ],
    ['the same install twice', [first, first], ['first-install', 'unchanged'], true],
    ['the same uninstall twice', [first, end, end], ['first-install', 'uninstalled', 'unchanged'], false],
    [
      'a late install after the uninstall',
      [first, end, update],
      ['first-install', 'uninstalled', 'refused install-token-older'],
      false
    ],
    [
      'the first install once more after the uninstall',
      [first, end, first],
      ['first-install', 'uninstalled', 'unchanged'],
      false
    ],
    [
      'a late uninstall after the reinstall',
      [first, again, end],
      ['first-install', 'update', 'refused install-token-older'],
      true
    ],
    [
      'an older rotation after an update',
      [first, again, rotation],
      ['first-install', 'update', 'refused install-token-older'],
      true
    ],
    [
      'the same token with another body',
      [first, installed({ at: 10, token: 'installed 10', body: 'another', secret: 'of mallory' })],
      ['first-install', 'refused install-token-reused'],
      true
    ],
    [
      'another token of the same second',
      [first, installed({ at: 10, token: 'another', secret: 'second' })],
      ['first-install', 'rotation'],
      true
    ],
    [
      'an install token as an uninstall',
      [first, uninstalled({ at: 10, token: 'installed 10', body: 'of an uninstall' })],
      ['first-install', 'refused install-token-reused'],
      true
    ]
  ]
  for (const [name, events, changes, alive] of cases) {
    const result = play(events)
    t.same(result.changes, changes, name)
    t.equal(result.alive, alive, `${name}: alive`)
  }
})

t.test('a first install is whole', async (t) => {
  const { tenant } = play([installed({ at: 10, installationId: 'ari-1' })])
  t.match(tenant, {
    tenantId: 'tenant-1',
    appKey: APP_KEY,
    clientKey: 'acme-client',
    cloudId: null,
    previousSecret: null,
    secretVersion: 1,
    lastInstallIatSeconds: 10,
    adoptedBy: null,
    possiblySupersededBy: null,
    installations: [
      { platform: 'connect', installationId: 'ari-1', state: 'installed', enabled: true, endedAtMs: null }
    ]
  })
  t.equal(tenant?.sharedSecret.reveal(), 'first')
})

t.test('a rotation keeps exactly one earlier secret and when it was retired', async (t) => {
  const { tenant } = play([
    installed({ at: 10, secret: 'first' }),
    installed({ at: 20, secret: 'second' }),
    installed({ at: 30, secret: 'third' })
  ])
  t.equal(tenant?.sharedSecret.reveal(), 'third')
  t.equal(tenant?.previousSecret?.reveal(), 'second')
  t.equal(tenant?.previousSecretRetiredAtMs, 53_000)
  t.equal(tenant?.secretVersion, 3)
})

t.test('an update changes neither the secret nor its version, and keeps the window of a rotation', async (t) => {
  const { tenant } = play([
    installed({ at: 10, secret: 'first' }),
    installed({ at: 20, secret: 'second' }),
    installed({ at: 30, secret: 'second', baseUrl: 'https://renamed.atlassian.net' })
  ])
  t.equal(tenant?.secretVersion, 2)
  t.equal(tenant?.previousSecret?.reveal(), 'first')
  t.equal(tenant?.previousSecretRetiredAtMs, 52_000)
  t.equal(tenant?.baseUrl, 'https://renamed.atlassian.net')
})

t.test('no earlier secret survives an uninstall', async (t) => {
  const before = [installed({ at: 10, secret: 'first' }), installed({ at: 20, secret: 'second' })]
  const ended = play([...before, uninstalled({ at: 30 })]).tenant
  t.equal(ended?.previousSecret, null)
  t.equal(ended?.secretVersion, 3, 'sessions end')
  t.equal(ended?.sharedSecret.reveal(), 'second', 'the last one is kept')
  const back = play([...before, uninstalled({ at: 30 }), installed({ at: 40, secret: 'third' })]).tenant
  t.equal(back?.previousSecret, null)
  t.equal(back?.secretVersion, 4)
  t.equal(back?.tenantId, 'tenant-1')
})

t.test('marks of tokens are kept while they can be replayed, and no longer', async (t) => {
  const { tenant } = play([installed({ at: -500 }), installed({ at: 10 })])
  t.same(
    tenant?.installTokens.map(({ token }) => token),
    ['installed 10']
  )
  const many = Array.from({ length: 500 }, (_, index) => installed({ at: 10_000, token: `t${index}` }))
  t.equal(play(many).tenant?.installTokens.length, 200)
})

t.test('a tenant is dead only when no installation of it lives', async (t) => {
  const [connect] = makeTenant().installations
  const forge = { ...connect!, platform: 'forge' as const, installationId: 'forge-1', clientKey: null }
  const both = makeTenant({ installations: [...makeTenant().installations, forge] })
  const ended = play([uninstalled({ at: 10 })], both)
  t.same(ended.changes, ['uninstalled'])
  t.ok(ended.alive, 'Forge still lives')
  t.notOk(ended.tenant && isConnected(ended.tenant), 'Connect does not')
  t.equal(ended.tenant?.secretVersion, both.secretVersion + 1)
  t.same(
    ended.tenant?.installations.map(({ platform, state }) => [platform, state]),
    [
      ['connect', 'uninstalled'],
      ['forge', 'installed']
    ]
  )
  t.same(
    play([disabled], both).tenant?.installations.map((one) => one.enabled),
    [false, true]
  )
})

t.test('an installation takes the id that the host tells, and another id ends the one before', async (t) => {
  const ids = (events: LifecycleEvent[]) =>
    play(events).tenant?.installations.map((one) => `${one.installationId} ${one.state}`)
  t.same(ids([installed({ at: 10 })]), ['connect:tenant-1 installed'])
  t.same(ids([installed({ at: 10 }), installed({ at: 20, installationId: 'a' })]), ['a installed'])
  t.same(ids([installed({ at: 10, installationId: 'a' }), installed({ at: 20 })]), ['a installed'])
  t.same(ids([installed({ at: 10, installationId: 'a' }), installed({ at: 20, installationId: 'b' })]), [
    'a uninstalled',
    'b installed'
  ])
  const back = [
    installed({ at: 10, installationId: 'a' }),
    installed({ at: 20, installationId: 'b' }),
    installed({ at: 30, installationId: 'a' })
  ]
  t.same(ids(back), ['b uninstalled', 'a installed'])
})

t.test('an install revives what was adopted or doubted', async (t) => {
  const { tenant, changes } = play([installed({ at: 10 })], makeTenant({ adoptedBy: 'x', possiblySupersededBy: 'y' }))
  t.same(changes, ['reinstall'])
  t.equal(tenant?.adoptedBy, null)
  t.equal(tenant?.possiblySupersededBy, null)
})

t.test('whatever comes in whatever order, the newest install token decides', async (t) => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('installed' as const), at: fc.nat(20), secret: fc.constantFrom('a', 'b') }),
    fc.record({ type: fc.constant('uninstalled' as const), at: fc.nat(20) }),
    fc.record({ type: fc.constantFrom('enabled' as const, 'disabled' as const) })
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (given) => {
      let number = 0
      const events = given.map((one): LifecycleEvent => {
        if (!('at' in one)) return { type: one.type }
        return signed(one.type, { at: one.at, secret: 'secret' in one ? one.secret : 'none', token: `t${number++}` })
      })
      const { tenant, alive, changes } = play(events)
      // The model: after the first install, an event counts if none before it that counted was newer.
      let newest = -1
      let living = false
      let known = false
      for (const one of events) {
        if (!('mark' in one) || one.iatSeconds < newest || (!known && one.type === 'uninstalled')) continue
        known = true
        newest = one.iatSeconds
        living = one.type === 'installed'
      }
      return (
        alive === living &&
        (tenant?.lastInstallIatSeconds ?? -1) === newest &&
        (tenant === null ||
          tenant.installations.filter(({ state }) => state === 'installed').length === (living ? 1 : 0)) &&
        changes.length === events.length
      )
    }),
    { numRuns: 300 }
  )
  t.pass()
})

t.test('nothing that was given is changed', async (t) => {
  const tenant = makeTenant()
  const copy = structuredClone({ ...tenant, sharedSecret: null })
  play([installed({ at: 10, secret: 'x' }), disabled, uninstalled({ at: 20 })], tenant)
  t.same({ ...tenant, sharedSecret: null }, copy)
})
