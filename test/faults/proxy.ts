import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A way to a database that can be cut: `cut` breaks what runs, `close` refuses what comes, `open` lets it pass again. */
export interface Proxy {
  readonly url: string
  cut(): void
  close(): void
  open(): void
  /** Called with each chunk on its way to the server; `true` cuts the connection before it gets there. */
  cutWhen(test: ((chunk: Buffer) => boolean) | null): void
}

export async function createProxy(t: Test, databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let refusing = false
  let cutTest: ((chunk: Buffer) => boolean) | null = null
  const server = createServer((client) => {
    if (refusing) {
      client.destroy()
      return
    }
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk) => {
        if (from === client && cutTest?.(chunk) === true) {
          from.destroy()
          return
        }
        to.write(chunk)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(databaseUrl)
  url.port = String(address.port)
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  return {
    url: url.href,
    cut,
    close() {
      refusing = true
      cut()
    },
    open() {
      refusing = false
    },
    cutWhen(test) {
      cutTest = test
    }
  }
}
