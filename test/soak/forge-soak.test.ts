import { createMemoryTenantStore } from 'fastify-atlassian/store'
import t from 'tap'
import { APP_KEY } from '../helpers/app.ts'
import { buildCallScene } from '../helpers/forge-calls.ts'

// `npm run test:soak` sends 10,000 invocations; the everyday run a few.

const INSTALLATIONS = 50
const CALLS = process.env.SOAK === 'full' ? 10_000 : 500
const ROUNDS = CALLS / INSTALLATIONS
const MIDDLE = ROUNDS / 2

t.test(
  `${CALLS} invocations of ${INSTALLATIONS} installations at once, with a key rotation in the middle`,
  async (t) => {
    const memory = createMemoryTenantStore({ appKey: APP_KEY })
    const { tokens } = memory
    if (tokens === undefined) throw new Error('the store keeps no tokens')
    let puts = 0
    const put: typeof tokens.put = async (key, token) => {
      puts += 1
      return await tokens.put(key, token)
    }
    const scene = await buildCallScene(t, { store: { ...memory, tokens: { ...tokens, put } } })
    const { app, clock, keys, writes } = scene
    // Written down once: a token of the product that is made anew would be new.
    const installations = Array.from({ length: INSTALLATIONS }, (_, n) => installation(n, scene.api.origin)).map(
      (each) => ({
        ...each,
        before: scene.bearer(`${each.id} before`),
        after: scene.bearer(`${each.id} after`, 4.5 * 3600)
      })
    )
    const tenantOf = new Map<string, string>()
    const refused: string[] = []
    const strayed: string[] = []

    async function invoke(round: number, n: number): Promise<void> {
      const own = installations[n]
      if (own === undefined) return
      const { id, claims, before, after } = own
      // A token that was signed just before the rotation arrives after it.
      const key = round < MIDDLE || (round < MIDDLE + 2 && n % 2 === 1) ? 'one' : 'two'
      const token = await scene.token({ app: claims, context: { cloudId: id }, jti: `${round}-${n}` }, { key })
      // Every other call brings no token of the product, and takes nothing away.
      const headers = (round + n) % 2 === 0 ? { 'x-forge-oauth-system': round < MIDDLE ? before : after } : {}
      const answer = await app.inject(scene.call(token, { headers }))
      if (answer.statusCode !== 200) return void refused.push(`${round}/${n}: ${answer.statusCode} ${answer.body}`)
      const { tenantId } = answer.json()
      if ((tenantOf.get(id) ?? tenantId) !== tenantId) strayed.push(`${round}/${n}`)
      tenantOf.set(id, tenantId)
    }

    for (let round = 0; round < ROUNDS; round++) {
      if (round === 2) {
        t.equal(writes.length, INSTALLATIONS, 'one write for each new installation')
        t.equal(puts, INSTALLATIONS, 'and one for its token')
      }
      if (round === MIDDLE) {
        t.equal(keys.fetches(), 1)
        t.equal(writes.length + puts, 2 * INSTALLATIONS, 'nothing was written while nothing changed')
        await keys.publish('one', 'two')
      }
      await Promise.all(installations.map((_, n) => invoke(round, n)))
      clock.advanceSeconds(1)
    }

    t.same(refused, [])
    t.same(strayed, [], 'each installation kept its tenant')
    t.equal(new Set(tenantOf.values()).size, INSTALLATIONS, 'and each has its own')
    t.equal(keys.fetches(), 2, 'the rotation cost one fetch')
    t.equal(writes.length, INSTALLATIONS)
    t.equal(puts, 2 * INSTALLATIONS, 'the new token of each was written, once')
  }
)

function installation(n: number, origin: string) {
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const installationId = `ari:cloud:ecosystem::installation/${id}`
  const apiBaseUrl = `${origin}/ex/jira/${id}`
  const contexts = [{ name: 'jira', apiBaseUrl, cloudId: id }]
  return { id, claims: { installationId, apiBaseUrl, installation: { id: installationId, contexts } } }
}
