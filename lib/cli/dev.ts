import type { DevHost } from './dev/dev-host.ts'
import { runApp } from './dev/dev-runner.ts'
import { openBrowser } from './dev/open-browser.ts'
import { startRealSites, wantsRealSites } from './dev/real-sites.ts'
import { createReporter, messageOf } from './dev/report.ts'
import { type RegistrationChoice, readSettings } from './dev/settings.ts'
import { startSimulatedHost } from './dev/simulated-host.ts'
import { createDevEvents, devEventNames } from './dev-events.ts'
import { devUsage } from './dev-usage.ts'
import { type CliWorld, exitCodes } from './world.ts'

/**
 * `dev`: the app, its host and what passes between them, until the signal of the world comes. `choice` is what the
 * environment says about registration; options of the command line win over it.
 */
export async function devCommand(
  argv: readonly string[],
  world: CliWorld,
  choice: RegistrationChoice = {}
): Promise<number> {
  const settings = readSettings(argv, world, choice)
  if (settings === 'help') {
    world.out(devUsage)
    return exitCodes.done
  }
  const reporter = createReporter(world, settings.json)
  const signal = world.signal ?? new AbortController().signal
  const events = createDevEvents((error) => reporter.tell('problem', messageOf(error)))
  for (const name of devEventNames) events.on(name, (event) => reporter.event(name, event))
  const hostWorld = { reporter, events, signal }
  const left = (settings.credentials?.sites.length ?? 0) > 0 && !wantsRealSites(settings)
  if (left && settings.register !== 'never') {
    reporter.tell('note', 'for the sites of credentials.json the app needs an address: add --tunnel or --public-url')
  }
  let host: DevHost
  try {
    host = await (wantsRealSites(settings)
      ? startRealSites(settings, world, hostWorld)
      : startSimulatedHost(settings, hostWorld))
  } catch (error) {
    if (signal.aborted) return exitCodes.done
    throw error
  }
  try {
    if (settings.open && host.pageUrl !== null) openBrowser(host.pageUrl)
    await runApp(settings, host, world, hostWorld)
  } finally {
    await host.close()
  }
  return exitCodes.done
}
