import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../test/browser/chromium.ts'
import { retry, run } from '../package/project.ts'

/** One kind of new app, by the options that a person would type. */
export interface Choice {
  readonly name: string
  readonly args: readonly string[]
  readonly platform: string
  readonly frontEnd: boolean
  /** One of those that are tried when there is little time. */
  readonly isTypical: boolean
}

interface Step {
  readonly typed: string
  readonly seconds: number
  readonly isInstall: boolean
}

/** Every kind that the command makes. */
export const choices: readonly Choice[] = ['jira', 'confluence'].flatMap((product) =>
  ['connect-on-forge', 'connect', 'forge'].flatMap((platform) =>
    ['sqlite', 'postgres'].flatMap((database) =>
      [true, false].map((frontEnd) => ({
        name: [product, platform, database, ...(frontEnd ? ['page'] : [])].join(', '),
        args: [
          '--product',
          product,
          '--platform',
          platform,
          '--database',
          database,
          ...(frontEnd ? [] : ['--no-front-end'])
        ],
        platform,
        frontEnd,
        isTypical:
          frontEnd && database === 'sqlite' && (product === 'jira' ? platform !== 'connect' : platform === 'connect')
      }))
    )
  )
)

/** Goes the newcomer's way with one kind of app. Rejects at the first step that does not work. */
export async function tryNewcomer(directory: string, tarball: string, choice: Choice): Promise<Step[]> {
  await mkdir(directory)
  const steps: Step[] = []
  async function step(typed: string, work: () => Promise<unknown>, isInstall = false): Promise<void> {
    const start = performance.now()
    await work()
    steps.push({ typed, seconds: (performance.now() - start) / 1000, isInstall })
  }
  const app = join(directory, 'tea')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  // What npx does with a name from a registry.
  await writeFile(join(directory, 'package.json'), '{ "private": true }')
  await step('(npx fetches the package)', () => install([...quiet, tarball], directory), true)
  await step(`npx fastify-atlassian new tea ${choice.args.join(' ')}`, () =>
    run(
      join(directory, 'node_modules/.bin/fastify-atlassian'),
      ['new', 'tea', '--yes', ...choice.args, '--package', tarball],
      directory
    )
  )
  await step('cd tea && npm install', () => install(quiet, app), true)
  await step('npm test', () => run('npm', ['test'], app))
  await step('npm run typecheck', () => run('npm', ['run', 'typecheck'], app))

  const [port = 0, hostPort = 0] = await freePorts()
  const browser = await launchChromium()
  let dev: ChildProcess | undefined
  try {
    await step('npm start', async () => {
      dev = await startDev(app, port, hostPort)
    })
    if (choice.frontEnd)
      await step('(opens the address in a browser, writes a note)', () => writeNote(browser, hostPort))
    await step('(adds a route, and asks for it)', () => addRoute(app, port))
  } finally {
    await browser.close()
    await end(dev)
  }
  return steps
}

/** A registry may be slow for a moment. */
function install(args: readonly string[], directory: string): Promise<string> {
  return retry(3, () => run('npm', ['install', ...args], directory))
}

/** The one command: makes the app, installs it and starts it. Gives the seconds until its address was printed. */
export async function tryOneCommand(directory: string, tarball: string): Promise<number> {
  await mkdir(directory)
  await writeFile(join(directory, 'package.json'), '{ "private": true }')
  await install(['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', tarball], directory)
  const start = performance.now()
  const command = join(directory, 'node_modules/.bin/fastify-atlassian')
  const { child, address } = await untilReady(
    command,
    ['new', 'tea', '--start', '--yes', '--package', tarball],
    directory
  )
  const seconds = (performance.now() - start) / 1000
  await fetch(address)
  await end(child)
  // The app has a process group of its own, so only a clean end takes it and its host away.
  await assert.rejects(fetch(address), 'Ctrl-C ends everything')
  return seconds
}

async function startDev(app: string, port: number, hostPort: number): Promise<ChildProcess> {
  const args = ['start', '--', '--port', String(port), '--host-port', String(hostPort)]
  return (await untilReady('npm', args, app)).child
}

async function untilReady(
  command: string,
  args: readonly string[],
  cwd: string
): Promise<{ child: ChildProcess; address: string }> {
  const { NODE_OPTIONS: _, DATABASE_URL: __, ...env } = process.env
  const dev = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [dev.stdout, dev.stderr])
    stream?.on('data', (chunk) => (output = `${output}${chunk}`.slice(-4000)))
  const deadline = Date.now() + 120_000
  let ready: RegExpExecArray | null = null
  while (ready === null) {
    ready = /ready +open (http:\S+)/.exec(output)
    if (ready !== null) break
    if (Date.now() > deadline || dev.exitCode !== null) {
      await end(dev)
      throw new Error(`the app did not start\n${output}`)
    }
    await pause()
  }
  return { child: dev, address: ready[1] ?? '' }
}

async function writeNote(browser: Browser, hostPort: number): Promise<void> {
  const page = await browser.newPage()
  page.setDefaultTimeout(15_000)
  // The site of the product that the app is for shows its module; the other one has none.
  for (const site of [1, 2]) {
    await page.goto(`http://127.0.0.1:${hostPort + site}/`)
    const frame = page.locator('[data-testid="module-notes-panel"] iframe')
    const shown = await frame.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false
    )
    if (!shown) continue
    const note = frame.contentFrame()
    await note.getByText('Ready', { exact: true }).waitFor()
    await note.getByLabel('Note').fill('Warm the pot')
    await note.getByRole('button', { name: 'Save' }).click()
    await note.getByText('Saved', { exact: true }).waitFor()
    return
  }
  throw new Error('no site shows the panel of the app')
}

async function addRoute(app: string, port: number): Promise<void> {
  const file = join(app, 'src/app.ts')
  const source = await readFile(file, 'utf8')
  const route = "  app.get('/hello', app.atlassian.protect('none'), async () => ({ hello: 'tea' }))\n"
  assert.ok(source.includes('  return app\n'))
  await writeFile(file, source.replace('  return app\n', `${route}  return app\n`))
  for (const deadline = Date.now() + 20_000; ; await pause()) {
    const answer = await fetch(`http://127.0.0.1:${port}/hello`).then(
      (response) => response.text(),
      () => ''
    )
    if (answer === '{"hello":"tea"}') return
    if (Date.now() > deadline) throw new Error(`the new route does not answer: ${answer}`)
  }
}

/** As Ctrl-C in a terminal: every process of the group hears it. What is left after ten seconds is killed. */
async function end(child: ChildProcess | undefined): Promise<void> {
  const group = child?.pid
  if (child === undefined || group === undefined) return
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
  signalGroup(group, 'SIGINT')
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())])
  signalGroup(group, 'SIGKILL')
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // Nobody is left in it.
  }
}

/** One port for the app, and the first of three neighbours for the simulated host. */
async function freePorts(): Promise<number[]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await once(server.close(), 'close')
  const found = typeof address === 'object' && address !== null ? address.port : 0
  return [found, 20_000 + (found % 10_000)]
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
