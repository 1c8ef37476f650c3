import { once } from 'node:events'
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { EncryptionOptions } from 'fastify-atlassian/store'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import { buildApp } from './app.ts'
import { frontEnds, serveCustomUi } from './custom-ui.ts'
import { manifest } from './forge.ts'

export interface SimulatedExampleOptions {
  /** First port to try for the app; 0 is any. */
  readonly port: number
  /** First of three neighbouring ports to try, for the simulator and its two sites. */
  readonly simulatorPort: number
  readonly databaseUrl: string
  readonly encryption?: EncryptionOptions
  readonly logLevel: string
  readonly clock?: () => number
}

export interface SimulatedExample {
  readonly app: FastifyInstance
  readonly host: HostSimulator
  readonly baseUrl: string
  close(): Promise<void>
}

/** Starts a small Atlassian and the app on this machine, and installs the app on both sites. */
export async function startWithSimulator(options: SimulatedExampleOptions): Promise<SimulatedExample> {
  const { databaseUrl, encryption, logLevel, clock = Date.now } = options
  const port = await freePorts(options.port, 1)
  const host = await createHostSimulator({
    port: await freePorts(options.simulatorPort, 3, port),
    clock,
    forge: { manifest, frontEnds }
  })
  const baseUrl = `http://127.0.0.1:${port}`
  const app = await buildApp({
    baseUrl,
    databaseUrl,
    encryption,
    log: { level: logLevel },
    forge: host.forge.connectOptions(),
    connect: { ...host.connectOptions(), clock }
  })
  serveCustomUi(app, host.url)
  await app.listen({ port, host: '127.0.0.1' })

  for (const site of host.sites) {
    const { status, verdict } = await host.install(baseUrl, { site: site.name })
    if (status !== 204) throw new Error(`The app could not be installed on ${site.name}: ${verdict}`)
    await takeOver(app, site.clientKey)
  }
  return {
    app,
    host,
    baseUrl,
    async close() {
      await app.close()
      await host.close()
    }
  }
}

/**
 * The simulated sites are new at each start: the same addresses with other client keys, as after a site import. To the
 * app they are strangers. We know better, so the data of the last run is given to them, by the one way there is.
 */
async function takeOver(app: FastifyInstance, clientKey: string): Promise<void> {
  const { tenants } = app.atlassian
  const tenant = await tenants.find({ clientKey })
  for (const earlier of await tenants.list({ status: 'installed' })) {
    if (tenant !== null && earlier.possiblySupersededBy === tenant.tenantId) {
      await tenants.adopt(earlier.tenantId, tenant.tenantId)
    }
  }
}

/** The first of `count` neighbouring ports that are free, from `first` upwards, and do not hold `promised`. */
async function freePorts(first: number, count: number, promised?: number): Promise<number> {
  if (first === 0) return freePorts(20_000 + Math.floor(Math.random() * 10_000), count, promised)
  for (let port = first; port < first + 100; port++) {
    const ports = Array.from({ length: count }, (_, index) => port + index)
    if (promised !== undefined && ports.includes(promised)) continue
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return port
  }
  throw new Error(`No free ports between ${first} and ${first + 100}. Set PORT and SIMULATOR_PORT.`)
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
