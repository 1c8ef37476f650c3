import { readFileSync } from 'node:fs'
import { ConfigurationError } from '../config/configuration-error.ts'
import { readConfiguration } from '../config/read-configuration.ts'
import { main } from './main.ts'
import type { CliWorld } from './world.ts'

// npm passes on the Ctrl-C that the terminal has sent to us already: that is still the first one.
const SAME_MS = 1000

/** The command line of this process, until it ends. */
export function run(node: NodeJS.Process): void {
  let stop: AbortSignal | undefined
  const world: CliWorld = {
    env: node.env,
    // Only a command that looks at it can stop at a good point; every other one ends at once, as a process does.
    get signal() {
      stop ??= stopSignal(node)
      return stop
    },
    cwd: node.cwd(),
    out: (text: string) => void node.stdout.write(text),
    err: (text: string) => void node.stderr.write(text),
    stdin: () => readAll(node.stdin),
    isTerminal: node.stdout.isTTY === true,
    nodeVersion: node.versions.node,
    appOptions() {
      const { problems, options } = readConfiguration({ env: node.env, readFile: (path) => readFileSync(path) })
      if (problems.length > 0) throw new ConfigurationError(problems)
      return options
    }
  }
  main(node.argv.slice(2), world).then((code) => {
    node.exitCode = code
  })
}

/** Aborts at the first Ctrl-C or the like; a second one ends the process. */
function stopSignal(node: NodeJS.Process): AbortSignal {
  const stop = new AbortController()
  let stoppedAt = 0
  const onSignal = () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now()
      stop.abort()
    } else if (performance.now() - stoppedAt > SAME_MS) node.exit(130)
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) node.on(name, onSignal)
  return stop.signal
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
