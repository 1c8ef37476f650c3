/** A process that installs and rotates three tenants without end, and says which version it was told is written. */

import { randomUUID } from 'node:crypto'
import { Secret } from '../../../lib/secret.ts'
import { createKyselyTenantStore } from '../../../lib/store/kysely-tenant-store.ts'
import { forgeInstallation, newDelivery, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'
import { connectOnly } from '../../helpers/find-connect.ts'

const [database = '', appKey = ''] = process.argv.slice(2)
const store = createKyselyTenantStore({ appKey, database, encryption: testEncryption })
await store.open()

async function saveForever(clientKey: string): Promise<never> {
  for (;;) {
    const found = await store.find({ clientKey })
    const current = found === null ? null : connectOnly(found)
    const version = (current?.version ?? 0) + 1
    const tenantId = current?.tenantId ?? randomUUID()
    const changes = {
      sharedSecret: new Secret(`secret-${version}`),
      secretVersion: version,
      lastInstallIatSeconds: version,
      installations: [forgeInstallation(clientKey, `a-${version}`), forgeInstallation(clientKey, `b-${version}`)]
    }
    const deliveries = [newDelivery(tenantId, { event: `saved-${version}` })]
    const base = current ?? newTenant({ tenantId, clientKey, appKey })
    await store.save({ ...base, ...changes }, current?.version ?? null, deliveries)
    process.stdout.write(`${clientKey} ${version}\n`)
  }
}

await Promise.all(['one', 'two', 'three'].map(saveForever))
