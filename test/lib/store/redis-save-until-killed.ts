/** A process that installs and rotates three tenants without end beside others, and says which versions it was told are written. */

import { randomUUID } from 'node:crypto'
import { Secret } from '../../../lib/secret.ts'
import { createRedisTenantStore } from '../../../lib/store/redis-tenant-store.ts'
import { hasRegistration } from '../../../lib/tenant/tenant.ts'
import { forgeInstallation, isConflict, newDelivery, newTenant } from '../../../lib/testing/store-contract-fixtures.ts'
import { testEncryption } from '../../helpers/encryption.ts'

const [url = '', prefix = '', appKey = ''] = process.argv.slice(2)
const store = createRedisTenantStore({ appKey, url, prefix, encryption: testEncryption, timeoutMs: 500 })
await store.open()

async function saveForever(clientKey: string): Promise<never> {
  for (;;) {
    try {
      const current = await store.find({ clientKey })
      const version = (current?.version ?? 0) + 1
      const tenantId = current?.tenantId ?? randomUUID()
      const changes = {
        sharedSecret: new Secret(`secret-${version}`),
        secretVersion: version,
        lastInstallIatSeconds: version,
        installations: [forgeInstallation(clientKey, `a-${version}`), forgeInstallation(clientKey, `b-${version}`)]
      }
      const deliveries = [newDelivery(tenantId, { event: `saved-${version}` })]
      const base = current !== null && hasRegistration(current) ? current : newTenant({ tenantId, clientKey, appKey })
      await store.save({ ...base, ...changes }, current?.version ?? null, deliveries)
      process.stdout.write(`${clientKey} ${version}\n`)
    } catch (error) {
      process.stdout.write(isConflict(error) ? 'conflict\n' : 'failed\n')
      if (!isConflict(error)) await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

await Promise.all(['one', 'two', 'three'].map(saveForever))
