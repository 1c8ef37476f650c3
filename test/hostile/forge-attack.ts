import type { InjectOptions } from 'fastify'
import type { Test } from 'tap'
import type { ForgeScene } from '../helpers/forge.ts'
import { type PublicBody, UNAUTHENTICATED } from './attack.ts'

/** What a caller sees whose token is good and who may not do this, written down here and not taken from the code. */
export const FORBIDDEN: PublicBody = Object.freeze({
  statusCode: 403,
  code: 'ATL_FORBIDDEN',
  error: 'Forbidden',
  message: 'You do not have permission to do this.'
})

/**
 * The whole promise of a refused Forge call: this status and this body as JSON, no handler reached, the store neither
 * asked nor written, nothing of the tokens or the claims in the answer or the log, and a good call afterwards.
 */
export async function refusesForge(
  t: Test,
  scene: ForgeScene,
  attack: InjectOptions,
  expected: PublicBody = UNAUTHENTICATED,
  name = 'the attack'
): Promise<void> {
  for (const list of [scene.lines, scene.reads, scene.writes, scene.reached]) list.length = 0
  const answer = await scene.app.inject({
    ...attack,
    headers: { accept: 'text/html', ...attack.headers } as Record<string, string>
  })
  const seen = {
    status: answer.statusCode,
    type: String(answer.headers['content-type']).split(';')[0],
    body: readJson(answer.body),
    handlersThatRan: [...scene.reached],
    reads: [...scene.reads],
    writes: [...scene.writes],
    leaks: leaksOf(scene, attack, `${JSON.stringify(answer.headers)}\n${answer.body}`),
    goodCallAfterwards: (await scene.app.inject(scene.call(await scene.token()))).statusCode
  }
  t.strictSame(
    seen,
    {
      status: expected.statusCode,
      type: 'application/json',
      body: { ...expected },
      handlersThatRan: [],
      reads: [],
      writes: [],
      leaks: [],
      goodCallAfterwards: 200
    },
    name
  )
}

/** Names what stands in the answer or the log and must not: headers with tokens, their segments, and the claims. */
export function leaksOf(scene: ForgeScene, attack: InjectOptions, answer: string): string[] {
  const log = scene.lines.join('')
  const needles = Object.entries(attack.headers ?? {}).flatMap(([name, value]) =>
    /^(?:authorization|x-forge-oauth-)/.test(name) ? [...tokenParts(String(value)), ...claimValues(String(value))] : []
  )
  return [...new Set(needles)].flatMap((needle) => [
    ...(answer.includes(needle) ? [`the answer holds ${needle.slice(0, 40)}`] : []),
    ...(log.includes(needle) ? [`the log holds ${needle.slice(0, 40)}`] : [])
  ])
}

function tokenParts(header: string): string[] {
  return header.split(/[\s,.]+/).filter((part) => part.length > 20)
}

/** Texts of the claims that nobody but the app should see: the user, and the place in the product. */
function claimValues(header: string): string[] {
  const claims = readJson(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString())
  if (typeof claims !== 'object' || claims === null) return []
  const { principal, jti, context } = claims as Record<string, unknown>
  return [principal, jti, Object(context).siteUrl].filter((value) => typeof value === 'string' && value.length > 10)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return `not JSON: ${text.slice(0, 200)}`
  }
}
