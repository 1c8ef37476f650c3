import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { type Database, openDatabase } from '../../../lib/store/database.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { connectOnly } from '../../helpers/find-connect.ts'

const APP_KEY = 'killed-app'

t.test('SIGKILL at any moment leaves whole records, and nothing that was reported written is lost', async (t) => {
  const path = join(t.testdir(), 'tenants.sqlite')
  for (let round = 0; round < 5; round += 1) {
    const { told, diedBy } = await killedWhileSaving(path, 30 + Math.random() * 200)
    t.equal(diedBy, 'SIGKILL')
    const database = await openDatabase(path)
    await assertWhole(t, database, told)
    await database.close()
  }
})

/** Runs the saver until it has said something, and kills it so many milliseconds later. */
async function killedWhileSaving(path: string, afterMs: number) {
  const saver: ChildProcess = spawn(
    process.execPath,
    ['--conditions=fastify-atlassian-source', join(import.meta.dirname, 'save-until-killed.ts'), path, APP_KEY],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const told = new Map<string, number>()
  let said = ''
  saver.stdout?.on('data', (chunk) => {
    if (said === '') setTimeout(() => saver.kill('SIGKILL'), afterMs)
    said += chunk
  })
  const [, diedBy] = await once(saver, 'close')
  for (const [, clientKey = '', version] of said.matchAll(/(\w+) (\d+)\n/g)) told.set(clientKey, Number(version))
  return { told, diedBy }
}

async function assertWhole(t: Test, database: Database, told: ReadonlyMap<string, number>): Promise<void> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database.kysely)
  t.same(rows, [{ integrity_check: 'ok' }])
  const store = createKyselyTenantStore({ appKey: APP_KEY, database, encryption: testEncryption })
  await store.open()
  const tenants = await store.list({ limit: 10 })
  t.ok(tenants.length > 0)
  for (const { tenantId, clientKey, version, ...fields } of tenants.map(connectOnly)) {
    t.ok(version >= (told.get(clientKey) ?? 0), 'what was reported is there')
    t.equal(fields.sharedSecret.reveal(), `secret-${version}`)
    t.equal(fields.secretVersion, version)
    t.equal(fields.lastInstallIatSeconds, version)
    t.same(
      fields.installations.map((of) => of.environmentId),
      [`a-${version}`, `b-${version}`]
    )
    const deliveries = await database.kysely
      .selectFrom('atl_deliveries')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('tenant_id', '=', tenantId)
      .executeTakeFirstOrThrow()
    t.equal(deliveries.count, version, 'one delivery for each save')
  }
}
