import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMemoryTenantStore } from 'fastify-atlassian/store'
import { tenantStoreContract } from 'fastify-atlassian/testing'
import { accountStoreContract } from '../../lib/testing/account-store-contract.ts'

/** A promise of the contract. */
export interface Promised {
  readonly name: string
  /** Whether it speaks of several processes or a restart, so that only a store with `connect` can be asked. */
  readonly shared: boolean
  /** Whether it speaks of accounts, which a store may leave out. */
  readonly accounts: boolean
}

/** Every promise in the order of the contract, which is run with a `test` that only listens. */
export async function collectPromises(): Promise<Promised[]> {
  const bodies: { name: string; run: () => Promise<void> }[] = []
  let shared = false
  tenantStoreContract({
    test: (name, run) => bodies.push({ name, run }),
    createStore: async ({ appKey }) => ({
      // Never opened, and no promise is kept here: what is looked at is who asks for a second store.
      store: createMemoryTenantStore({ appKey }),
      get connect() {
        shared = true
        return undefined
      },
      dispose: async () => {}
    })
  })
  const ofAccounts = new Set<string>()
  accountStoreContract({
    test: (name) => ofAccounts.add(name),
    createStore: () => Promise.reject(new Error('nothing is run'))
  })
  const promises: Promised[] = []
  for (const { name, run } of bodies) {
    shared = false
    await run().catch(() => {})
    promises.push({ name, shared, accounts: ofAccounts.has(name) })
  }
  return promises
}

/** An adapter that runs the contract. */
export interface ContractRun {
  readonly adapter: string
  /** Whether its test gives `connect`. */
  readonly connects: boolean
  /** Whether the store keeps accounts. */
  readonly keepsAccounts: boolean
}

const FILES = ['contract.test.ts', 'mariadb-contract.test.ts', 'redis-contract.test.ts']

/** The adapters whose tests run the contract, as those files say. */
export function contractRuns(): ContractRun[] {
  return FILES.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, '../lib/store', file), 'utf8')
    const titles = [...text.matchAll(/^t\.test\('the (\w+) store keeps every promise of the port'/gm)]
    return titles.map(({ 1: adapter = '', index }, at) => {
      // A file with one adapter may make its stores in a function above the test.
      const own = titles.length === 1 ? text : text.slice(index, titles[at + 1]?.index)
      if (!own.includes('tenantStoreContract(')) throw new Error(`${file} runs no contract for ${adapter}`)
      return { adapter, connects: /return \{\s*store,\s*connect,/.test(own), keepsAccounts: adapter !== 'Redis' }
    })
  })
}

/** The table of docs/storage.md. */
export function promisesTable(promises: readonly Promised[], runs: readonly ContractRun[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    row(['Promise', ...runs.map(({ adapter }) => adapter)]),
    row(['---', ...runs.map(() => ':-:')]),
    ...promises.map(({ name, shared, accounts }) => {
      const marks = runs.map((run) => ((run.connects || !shared) && (run.keepsAccounts || !accounts) ? '✓' : '–'))
      return row([name.replaceAll('|', '\\|'), ...marks])
    })
  ].join('\n')
}
