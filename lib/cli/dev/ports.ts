import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** The first of `count` neighbouring ports that are free on the loopback address, from `first` upwards. Throws if none is. */
export async function freePorts(first: number, count: number, except: readonly number[] = []): Promise<number> {
  for (let port = first; port < first + 200 && port + count <= 65_536; port++) {
    const ports = Array.from({ length: count }, (_, index) => port + index)
    if (ports.some((wanted) => except.includes(wanted))) continue
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return port
  }
  throw new Error(`No free port from ${first} to ${first + 200}: choose others with --port and --host-port`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Resolves once somebody listens. Rejects when the signal ends the wait. */
export async function listens(port: number, signal: AbortSignal): Promise<void> {
  while (!(await canConnect(port))) await pause(40, undefined, { signal })
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
