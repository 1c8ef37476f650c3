import { noRegistration, type Tenant } from 'fastify-atlassian/core'
import t from 'tap'
import { createForgeTenants } from '../../../lib/forge/forge-tenants.ts'
import { silentLog } from '../../../lib/ports.ts'
import { type ForgeArrival, withArrival } from '../../../lib/tenant/association.ts'

const arrival: ForgeArrival = {
  installationId: 'ari:cloud:ecosystem::installation/one',
  environmentId: 'production',
  cloudId: null,
  products: ['jira'],
  issuedAtMs: 0
}

function tenantOf(tenantId: string, given = arrival): Tenant {
  const bare: Tenant = {
    ...noRegistration,
    tenantId,
    appKey: 'my-app',
    cloudId: null,
    installations: [],
    adoptedBy: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    version: 1
  }
  return withArrival(bare, given, 0)
}

/** Answers are given one by one, by hand. */
function scene() {
  const asked: { arrival: ForgeArrival; answer: (tenant: Tenant) => void }[] = []
  const tenants = createForgeTenants({
    arrive: (given) => new Promise((resolve) => asked.push({ arrival: given, answer: resolve })),
    clock: () => 0,
    log: silentLog,
    freshMs: 5000,
    maxTenants: 10
  })
  return { asked, tenants }
}

t.test('a save while the answer was on its way wins over the answer', async (t) => {
  const { asked, tenants } = scene()
  const first = tenants.of(arrival)
  tenants.put(tenantOf('saved-meanwhile'))
  asked[0]?.answer(tenantOf('before-the-save'))
  t.match(await first, { tenantId: 'before-the-save' }, 'whoever had asked gets the answer')
  t.match(tenants.of(arrival), { tenantId: 'saved-meanwhile' }, 'and nobody after that')
})

t.test('a change that was heard of while the answer was on its way makes the next call ask again', async (t) => {
  const { asked, tenants } = scene()
  const first = tenants.of(arrival)
  tenants.changes.missed()
  asked[0]?.answer(tenantOf('old'))
  await first
  const second = tenants.of(arrival)
  t.ok(second instanceof Promise)
  asked[1]?.answer(tenantOf('new'))
  t.match(await second, { tenantId: 'new' })
  t.match(tenants.of(arrival), { tenantId: 'new' })
})

t.test('a call that tells more than the one that is on its way asks for itself', async (t) => {
  const { asked, tenants } = scene()
  const more = { ...arrival, products: ['jira', 'confluence'] }
  const first = tenants.of(arrival)
  const second = tenants.of(more)
  t.equal(asked.length, 1)
  asked[0]?.answer(tenantOf('one'))
  await first
  await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(asked.length, 2)
  t.same(asked[1]?.arrival, more)
  asked[1]?.answer(tenantOf('one', more))
  t.same((await second).installations[0]?.products, ['jira', 'confluence'])
})

t.test('an installation of another environment is another one', async (t) => {
  const { asked, tenants } = scene()
  const first = tenants.of(arrival)
  asked[0]?.answer(tenantOf('production'))
  await first
  tenants.of({ ...arrival, environmentId: 'staging' })
  t.equal(asked.length, 2)
})

t.test('a record that another tenant adopted is not kept', async (t) => {
  const { asked, tenants } = scene()
  const first = tenants.of(arrival)
  asked[0]?.answer(tenantOf('one'))
  await first
  tenants.put({ ...tenantOf('one'), adoptedBy: 'two' })
  t.ok(tenants.of(arrival) instanceof Promise)
})
