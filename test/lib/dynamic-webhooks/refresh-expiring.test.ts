import t from 'tap'
import { refreshExpiring } from '../../../lib/dynamic-webhooks/refresh-expiring.ts'
import { silentLog } from '../../../lib/ports.ts'
import { makeTenant } from '../tenant/make-tenant.ts'

t.test('a webhook whose end the host does not tell is refreshed, for it may end tomorrow', async (t) => {
  const known = { events: [], jqlFilter: '', fieldIdsFilter: [], issuePropertyKeysFilter: [] }
  const asked: (readonly number[])[] = []
  const report = await refreshExpiring({
    store: { list: async (options) => (options?.after === undefined ? [makeTenant()] : []) },
    clock: () => 0,
    log: silentLog,
    async *list() {
      yield { ...known, id: 7, expiresAtMs: null }
      yield { ...known, id: 8, expiresAtMs: 29 * 86_400_000 }
    },
    refresh: async (_, ids) => void asked.push(ids)
  })
  t.strictSame(asked, [[7]])
  t.match(report, { tenants: 1, refreshed: 1, failed: [] })
})
