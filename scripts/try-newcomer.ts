import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Choice, choices, tryNewcomer, tryOneCommand } from './newcomer/try-newcomer.ts'
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
  const seconds = await tryOneCommand(join(directory, 'one-command'), tarball)
  console.log(
    `ok      npx fastify-atlassian new tea --start: ${seconds.toFixed(1)} s, its package install with it; Ctrl-C ends it\n`
  )
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
  const sum = (some: typeof steps) => some.reduce((all, { seconds }) => all + seconds, 0).toFixed(1)
  const own = steps.filter(({ isInstall }) => !isInstall)
  // "new --start" is these and the install in one command; tests and types come when the page is there.
  const toPage = own.filter(({ typed }) => /^npx |^npm start|^\(opens/.test(typed))
  const first = choice.frontEnd ? 'first page' : 'running app'
  console.log(
    `ok      ${choice.name}: ${sum(toPage)} s to the ${first}, ${sum(own)} s to the last step, package install aside`
  )
  for (const { typed, seconds } of steps) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${typed}`)
  console.log(
    `          typed: ${steps.filter(({ typed }) => !typed.startsWith('(')).length} commands; what is in brackets is no command`
  )
  console.log()
}
