import { basename, dirname, join, relative } from 'node:path'
import type { CliWorld } from '../world.ts'
import { type AppProcess, startApp } from './app-process.ts'
import { DescriptorFiles, servedDescriptor, servesAnother } from './descriptor-change.ts'
import type { DevHost, HostWorld, Occasion } from './dev-host.ts'
import { listens } from './ports.ts'
import type { DevSettings } from './settings.ts'
import { watchTree } from './watch-tree.ts'

const DESCRIPTOR = 'atlassian-connect.json'
const SLOW_MS = 20_000

/**
 * Keeps the app running beside its host until the signal comes: starts it, starts it again when its source changes,
 * and has it installed again when its descriptor changes. Resolves when the app has ended.
 */
export async function runApp(settings: DevSettings, host: DevHost, world: CliWorld, { reporter, signal }: HostWorld) {
  const { entry, cwd, json } = settings
  const base = `http://127.0.0.1:${host.appPort}${host.basePath}`
  const descriptorUrl = `${base}/${DESCRIPTOR}`
  const files = new DescriptorFiles(base)
  const env = {
    ...world.env,
    PORT: String(host.appPort),
    FASTIFY_ATLASSIAN_DEV: JSON.stringify({ options: host.appOptions })
  }
  let running: AppProcess | null = null
  let served: string | null = null
  let starts = 0
  let work = Promise.resolve()
  /** Ends the wait for a start that a newer change has overtaken. */
  let waiting = new AbortController()

  async function start(): Promise<void> {
    waiting = new AbortController()
    const overtaken = AbortSignal.any([waiting.signal, signal])
    const app = startApp({ entry, cwd, env, json })
    running = app
    const slow = setTimeout(() => {
      reporter.tell('problem', `the app does not listen on port ${host.appPort} yet: it has to listen on PORT`)
    }, SLOW_MS)
    void app.ended.then((how) => {
      if (running !== app) return
      running = null
      waiting.abort()
      if (!signal.aborted) reporter.tell('problem', `the app ${how}; waiting for a change of its source`)
    })
    try {
      await listens(host.appPort, overtaken)
    } catch {
      return
    } finally {
      clearTimeout(slow)
    }
    if (running !== app) return
    const occasion: Occasion = starts === 0 ? 'first' : 'restarted'
    starts += 1
    await host.appReady(occasion)
    served = await servedDescriptor(descriptorUrl)
    if (occasion === 'first') reporter.tell('ready', readyText(host, base), { app: base, host: host.pageUrl })
    else reporter.tell('app', 'runs again')
  }

  async function stop(): Promise<void> {
    const app = running
    running = null
    host.appStopping()
    await app?.stop()
  }

  async function restart(reason: string): Promise<void> {
    reporter.tell('app', `starts again: ${reason}`)
    await stop()
    if (!signal.aborted) await start()
  }

  async function descriptorChanged(file: string): Promise<void> {
    const verdict = await files.judge(file)
    if (verdict.kind === 'same') return
    if (verdict.kind === 'wrong') {
      reporter.tell('problem', `the descriptor is wrong, the one before it stays: ${verdict.reason}`)
    } else if (running === null) {
      await restart('the descriptor has changed')
    } else if (verdict.kind === 'restart') {
      await restart(`the app takes ${verdict.fields.join(', ')} of its descriptor only at its start`)
    } else if (await servesAnother(descriptorUrl, served)) {
      reporter.tell('descriptor', 'has changed and is registered anew')
      await host.appReady('descriptor')
      served = await servedDescriptor(descriptorUrl)
    } else {
      await restart('the descriptor has changed, and the app does not watch it')
    }
  }

  async function changed(paths: readonly string[]): Promise<void> {
    const sources = paths.filter(isSource)
    if (settings.manifestFile !== null && paths.includes(settings.manifestFile)) await host.manifestChanged()
    if (sources.length > 0) {
      for (const path of paths) if (basename(path) === DESCRIPTOR) await files.remember(path)
      return await restart(`${relative(cwd, sources[0] ?? '')} has changed`)
    }
    for (const path of paths) if (basename(path) === DESCRIPTOR) await descriptorChanged(path)
  }

  function isSource(path: string): boolean {
    // The host serves front ends of Forge itself; a page that is loaded again has the new one.
    if (Object.values(settings.resources).some((folder) => path.startsWith(join(folder, '/')))) return false
    const name = basename(path)
    return (
      !/\.ya?ml$/.test(name) && name !== DESCRIPTOR && name !== 'credentials.json' && path !== settings.manifestFile
    )
  }

  function then(step: () => Promise<void>): void {
    work = work.then(async () => {
      if (!signal.aborted) await step()
    })
  }

  for (const folder of new Set([cwd, dirname(entry), join(cwd, 'src')])) await files.remember(join(folder, DESCRIPTOR))
  const onChange = (paths: readonly string[]) => {
    if (paths.some(isSource)) waiting.abort()
    then(() => changed(paths))
  }
  const watcher = watchTree(cwd, entry, onChange, (reason) => reporter.tell('problem', reason))
  then(start)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  watcher.close()
  await work
  if (running !== null) await host.leave()
  await stop()
}

function readyText({ pageUrl }: DevHost, base: string): string {
  const where = pageUrl === null ? '' : `open ${pageUrl} in a browser; `
  return `${where}the app listens on ${base}; Ctrl-C ends it`
}
