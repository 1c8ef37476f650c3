import { main } from './main.ts'

/** The command line of this process, until it ends. A first Ctrl-C stops at a good point, a second one at once. */
export function run(node: NodeJS.Process): void {
  const stop = new AbortController()
  node.once('SIGINT', () => stop.abort())
  const world = {
    env: node.env,
    signal: stop.signal,
    out: (text: string) => void node.stdout.write(text),
    err: (text: string) => void node.stderr.write(text),
    stdin: () => readAll(node.stdin),
    isTerminal: node.stdout.isTTY === true,
    nodeVersion: node.versions.node
  }
  main(node.argv.slice(2), world).then((code) => {
    node.exitCode = code
  })
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
