import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Choice, choices, tryNewcomer } from './newcomer/try-newcomer.ts'
import { pack } from './package/tarball.ts'

/**
 * Makes an app of each kind from the packed tarball, as a newcomer would: by what a person would type, in an empty
 * folder. Prints the steps and their seconds. `--quick` tries three of the kinds.
 */

const quick = process.argv.includes('--quick')
const kinds = quick ? choices.filter(({ isTypical }) => isTypical) : choices
const directory = await mkdtemp(join(tmpdir(), 'newcomer-'))
let failures = 0
try {
  const tarball = await pack(directory)
  for (const [index, choice] of kinds.entries()) {
    try {
      report(choice, await tryNewcomer(join(directory, `app-${index}`), tarball, choice))
    } catch (error) {
      failures += 1
      console.log(`FAILED  ${choice.name}\n${error instanceof Error ? error.stack : error}\n`)
    }
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
console.log(`${kinds.length - failures} of ${kinds.length} kinds of new apps work.`)
process.exitCode = failures === 0 ? 0 : 1

function report(choice: Choice, steps: readonly { typed: string; seconds: number; isInstall: boolean }[]): void {
  const own = steps.filter(({ isInstall }) => !isInstall).reduce((sum, { seconds }) => sum + seconds, 0)
  console.log(`ok      ${choice.name}: ${own.toFixed(1)} s to the last step, package install aside`)
  for (const { typed, seconds } of steps) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${typed}`)
  console.log()
}
