import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { main } from '../../lib/cli/main.ts'
import type { CliWorld } from '../../lib/cli/world.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  json(): Record<string, unknown>
}

/** Runs one command line in a world of its own. */
export async function runCli(argv: readonly string[], world: Partial<CliWorld> = {}): Promise<Ran> {
  const said = { out: '', err: '' }
  const code = await main(argv, {
    env: {},
    ...world,
    out(text) {
      said.out += text
    },
    err(text) {
      said.err += text
    }
  })
  return { code, ...said, json: () => JSON.parse(said.out) }
}

export function newFolder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'cli-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}
