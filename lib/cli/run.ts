import { main } from './main.ts'

// npm passes on the Ctrl-C that the terminal has sent to us already: that is still the first one.
const SAME_MS = 1000

/** The command line of this process, until it ends. A first Ctrl-C stops at a good point, a second one at once. */
export function run(node: NodeJS.Process): void {
  const stop = new AbortController()
  let stoppedAt: number | undefined
  const onSignal = () => {
    stoppedAt ??= performance.now()
    if (stop.signal.aborted && performance.now() - stoppedAt > SAME_MS) node.exit(130)
    stop.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) node.on(signal, onSignal)
  const world = {
    env: node.env,
    signal: stop.signal,
    cwd: node.cwd(),
    isTerminal: node.stdout.isTTY === true,
    out: (text: string) => void node.stdout.write(text),
    err: (text: string) => void node.stderr.write(text)
  }
  main(node.argv.slice(2), world).then((code) => {
    node.exitCode = code
  })
}
