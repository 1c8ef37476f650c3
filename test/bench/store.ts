import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startTestPostgres } from '../helpers/postgres.ts'
import { watchForeignCpu } from './foreign-cpu.ts'
import { type OpenBase, openBase } from './store-bases.ts'
import { type Kind, kinds, type Measured, measured } from './store-measures.ts'
import { fill } from './store-rows.ts'
import { median, table } from './table.ts'

/**
 * What the number of tenants costs: the same look-ups and saves with few tenants and with many. The databases are
 * measured in turn, in an order that is shuffled each round; what counts are the ratios within a round.
 */

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, rounds: { type: 'string' } }
})
const SIZES = flags.quick ? [1000, 10_000] : [1000, 100_000, 1_000_000]
const ROUNDS = Number(flags.rounds ?? (flags.quick ? 3 : 9))
/** Tenants that are looked up, in every size. */
const WANTED = 1000
/** No more than this much more, with the most tenants than with the fewest. What differs by less than 30 % is a tie. */
const AIMS: readonly [Kind, number][] = [
  ['warm', 1.3],
  ['cold', 2]
]
const NAMES: Record<Kind, string> = {
  warm: 'warm: a page token is verified',
  cold: 'cold: the store finds a tenant',
  save: 'a tenant is saved again',
  install: 'a new tenant is saved'
}

const folder = await mkdtemp(join(tmpdir(), 'bench-store-'))
try {
  const dialects = (['sqlite', 'postgres'] as const).filter((name) => flags.only === undefined || flags.only === name)
  for (const dialect of dialects) await bench(dialect)
  console.log(`\nNode ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function bench(dialect: OpenBase['dialect']): Promise<void> {
  const postgres = dialect === 'postgres' ? await startTestPostgres() : null
  const subjects: { size: number; subject: Measured; megabytes: number }[] = []
  try {
    for (const size of SIZES) {
      const startedAt = Date.now()
      const base = await openBase(dialect, folder, postgres)
      await fill(base, size - WANTED)
      const subject = await measured(base.url, size, WANTED)
      subjects.push({ size, subject, megabytes: (await base.bytes()) / 2 ** 20 })
      await base.close()
      console.error(`${dialect}: ${size} tenants after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    }
    const rounds: Map<number, Record<Kind, number>>[] = []
    const foreignCpu = watchForeignCpu([process.pid], availableParallelism())
    for (let round = -1; round < ROUNDS; round++) {
      const times = new Map<number, Record<Kind, number>>()
      for (const { size, subject } of shuffled(subjects)) {
        const of: Record<Kind, number> = { warm: 0, cold: 0, save: 0, install: 0 }
        for (const kind of kinds) of[kind] = await subject.time(kind)
        times.set(size, of)
      }
      // The first round only warms up.
      if (round >= 0) rounds.push(times)
    }
    const foreign = dialect === 'sqlite' ? foreignCpu() : null
    report(dialect === 'postgres' ? `PostgreSQL (${postgres?.kind})` : 'SQLite', subjects, rounds, foreign)
  } finally {
    for (const { subject } of subjects) await subject.close()
    await postgres?.stop()
  }
}

function report(
  title: string,
  subjects: readonly { size: number; subject: Measured; megabytes: number }[],
  rounds: readonly ReadonlyMap<number, Record<Kind, number>>[],
  foreign: number | null
): void {
  const least = SIZES[0] ?? 0
  const most = SIZES.at(-1) ?? 0
  const time = (size: number, kind: Kind) => median(rounds.map((times) => times.get(size)?.[kind] ?? 0))
  const ratio = (kind: Kind) =>
    median(rounds.map((times) => (times.get(most)?.[kind] ?? 0) / (times.get(least)?.[kind] ?? 1)))
  const sizes = SIZES.map((size) => size.toLocaleString('en'))
  const line = (name: string, value: (of: (typeof subjects)[number]) => string) => [name, ...subjects.map(value), '']
  console.log(
    `\n${table([
      [`${title}, us`, ...sizes, 'last / first'],
      ...kinds.map((kind) => [
        NAMES[kind],
        ...SIZES.map((size) => time(size, kind).toFixed(1)),
        `${ratio(kind).toFixed(2)} x`
      ]),
      line('tenants in the cache', ({ subject }) => subject.cache.tenants.toLocaleString('en')),
      line('bytes of heap for each', ({ subject }) => subject.cache.bytesPerTenant.toFixed(0)),
      line('MB of heap for all', ({ subject: { cache } }) =>
        ((cache.tenants * cache.bytesPerTenant) / 2 ** 20).toFixed(1)
      ),
      line('MB on disk', ({ megabytes }) => megabytes.toFixed(1))
    ])}\n`
  )
  if (foreign !== null) console.log(`other programs used ${(foreign * 100).toFixed(0)} % of a core`)
  for (const [kind, aim] of AIMS) {
    const value = ratio(kind)
    console.log(`${value <= aim ? 'reached' : 'MISSED '}  ${kind}: ${value.toFixed(2)}, aim at most ${aim}`)
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
