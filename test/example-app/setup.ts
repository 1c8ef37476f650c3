import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import type { Test } from 'tap'
import { buildApp } from '../../example-app/app.ts'
import { manifest } from '../../example-app/forge.ts'
import { testEncryption } from '../helpers/encryption.ts'

export const WIKI = { site: 'acme-wiki' } as const

/** The example app on an empty database, installed on a simulated Jira and a simulated Confluence. */
export async function installedExample(t: Test, databaseUrl: string) {
  const host = await createHostSimulator({ forge: { manifest } })
  const log: string[] = []
  const app = await buildApp({
    baseUrl: 'http://127.0.0.1:3000',
    databaseUrl,
    encryption: testEncryption,
    log: { level: 'debug', stream: { write: (line: string) => void log.push(line) } },
    forge: host.forge.connectOptions(),
    connect: host.connectOptions()
  })
  t.teardown(async () => {
    await app.close()
    await host.close()
  })
  for (const { name } of host.sites) await host.install(app, { site: name })
  return { app, host, log }
}

export interface Item {
  id: string
  text: string
  done: boolean
}

interface Place {
  readonly site?: string
  readonly issue?: string
  readonly page?: string
  readonly user?: string | null
}

export async function addItems(host: HostSimulator, place: Place, ...texts: string[]): Promise<Item[]> {
  const { status, body } = await host.callApp('/api/items', { ...place, method: 'POST', body: { texts } })
  if (status !== 201) throw new Error(`${status} ${body}`)
  return JSON.parse(body).items
}

export async function itemsOf(host: HostSimulator, place: Place): Promise<Item[]> {
  return JSON.parse((await host.callApp('/api/items', place)).body).items
}

export async function tick(host: HostSimulator, place: Place, { id }: Item, done = true) {
  return await host.callApp(`/api/items/${id}`, { ...place, method: 'PATCH', body: { done } })
}

/** Titles as the cacheable page lists them for this user. */
export async function listedTitles(host: HostSimulator, place: Place = {}): Promise<string[]> {
  const { checklists } = JSON.parse((await host.callApp('/api/checklists', place)).body)
  return checklists.map(({ title }: { title: string }) => title)
}

/** Asks again until `wanted` is true: webhooks are handled after they were answered. */
export async function eventually(wanted: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await wanted())) {
    if (Date.now() > deadline) throw new Error('it did not happen within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
