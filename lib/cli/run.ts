import { main } from './main.ts'

/** The command line of this process, until it ends. A first Ctrl-C stops at a good point, a second one at once. */
export function run(node: NodeJS.Process): void {
  const stop = new AbortController()
  node.once('SIGINT', () => stop.abort())
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
