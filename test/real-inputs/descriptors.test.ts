import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AtlassianError } from 'fastify-atlassian'
import { createHostSimulator, type HostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { descriptorWebhooks } from '../../lib/descriptor/index.ts'
import { type AppOfDescriptor, appOfDescriptor } from './app-of-descriptor.ts'
import { BASE_URL, type Expected, expected } from './expected.ts'
import { absent, hasRealInputs, jsonFiles, realInputs } from './folder.ts'

if (!hasRealInputs) t.plan(0, absent)
else await testAll()

async function testAll(): Promise<void> {
  const host = await createHostSimulator()
  t.teardown(() => host.close())
  t.strictSame(jsonFiles('descriptors'), Object.keys(expected).sort(), 'every real descriptor has a verdict')
  const payloads = jsonFiles('webhooks', 'jira').map((name) =>
    readFileSync(join(realInputs, 'webhooks', 'jira', name), 'utf8')
  )
  t.ok(payloads.length >= 60, 'webhook payloads')
  for (const [name, wanted] of Object.entries(expected)) {
    t.test(name, (t) => testDescriptor(t, host, name, wanted, payloads))
  }
}

async function testDescriptor(
  t: Test,
  host: HostSimulator,
  name: string,
  wanted: Expected,
  payloads: readonly string[]
): Promise<void> {
  const path = join(realInputs, 'descriptors', name)
  const text = readFileSync(path, 'utf8')
  if (wanted.errors !== undefined) {
    const error = await startError(host, path)
    t.equal(error.code, 'ATL_DESCRIPTOR')
    const fields = error.message
      .split('\n- ')
      .slice(1)
      .map((line) => line.split(' ')[0])
    t.strictSame(fields.sort(), [...wanted.errors].sort(), 'the start names every wrong field')
  }
  const descriptor = completed(text, wanted)
  const made = await appOfDescriptor(host, descriptor, baseUrlOf(descriptor))
  t.teardown(() => made.app.close())
  await openPages(t, host, made, wanted)
  if (wanted.unsigned) return
  await deliverWebhooks(t, host, made, wanted, payloads)
  t.equal((await host.uninstall({ site: wanted.product })).status, 'uninstalled' in lifecycleOf(made) ? 204 : 0)
}

async function startError(host: HostSimulator, path: string): Promise<AtlassianError> {
  try {
    const { app } = await appOfDescriptor(host, path, BASE_URL)
    await app.close()
  } catch (error) {
    return error as AtlassianError
  }
  throw new Error('the app has started')
}

function completed(text: string, { fill = {}, complete = {} }: Expected): Record<string, unknown> {
  const filled = Object.entries(fill).reduce((result, [name, value]) => result.replaceAll(name, value), text)
  return { ...(JSON.parse(filled) as object), ...complete }
}

function baseUrlOf({ baseUrl }: Record<string, unknown>): string {
  return typeof baseUrl === 'string' && baseUrl.startsWith('https:') ? baseUrl : BASE_URL
}

function lifecycleOf({ app }: AppOfDescriptor): object {
  return app.atlassian.descriptor.lifecycle ?? {}
}

async function openPages(t: Test, host: HostSimulator, { app }: AppOfDescriptor, wanted: Expected): Promise<void> {
  const site = wanted.product
  t.equal((await host.install(app, { site })).status, wanted.unsigned ? 0 : 204, 'installed')
  const { clientKey } = host.site(site)
  const modules = host.modules({ site })
  t.ok(modules.length >= wanted.pages, `${modules.length} pages`)
  t.equal(modules.filter(({ cacheable }) => cacheable).length, wanted.cacheable ?? 0, 'cacheable pages')
  const pathOf = (url: string) => url.replace(/[?#].*$/s, '')
  const openPaths = new Set(modules.filter(({ cacheable }) => cacheable).map(({ url }) => pathOf(url)))
  for (const { key, url: template } of modules) {
    const page = await host.openPage(key, { site })
    t.equal(page.status, 200, `${key}: ${page.verdict}`)
    const isPublic = openPaths.has(pathOf(template)) || wanted.unsigned === true
    t.equal(JSON.parse(page.body).clientKey, isPublic ? null : clientKey, `${key} sees its tenant only by a token`)
    if (isPublic) continue
    const url = new URL(await host.pageUrl(key, { site }))
    t.equal((await app.inject(url.pathname + url.search)).statusCode, 200, key)
    const refused = new Set<number>()
    for (const changed of flipped(url.searchParams.get('jwt') ?? '')) {
      url.searchParams.set('jwt', changed)
      refused.add((await app.inject(url.pathname + url.search)).statusCode)
    }
    t.strictSame([...refused], [401], `${key} with one byte flipped`)
  }
}

/** The token with one character changed: in the header, the claims, and at both ends of the signature. */
function flipped(token: string): string[] {
  const [header = '', claims = ''] = token.split('.')
  const signature = header.length + claims.length + 2
  const places = [0, 10, header.length + 3, header.length + Math.floor(claims.length / 2), signature, token.length - 1]
  return places.map((at) => `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`)
}

async function deliverWebhooks(
  t: Test,
  host: HostSimulator,
  { app, heard }: AppOfDescriptor,
  wanted: Expected,
  payloads: readonly string[]
): Promise<void> {
  const site = wanted.product
  const routes = descriptorWebhooks(app.atlassian.descriptor)
  const listed = [...new Set(routes.flatMap(({ events }) => events))]
  t.equal(listed.length, wanted.events ?? 0, 'events')
  for (const event of listed) {
    const { status, verdict } = await host.sendWebhook(event, { site })
    t.equal(status, 204, verdict)
    t.ok(
      heard.some((each) => each.event === event),
      `${event} reached its handlers`
    )
  }
  const [first] = routes
  if (first === undefined) return
  const prefix = new URL(app.atlassian.descriptor.baseUrl).pathname.replace(/\/$/, '')
  heard.length = 0
  for (const payload of payloads) {
    const { webhookEvent } = JSON.parse(payload) as { webhookEvent?: string }
    const route: (typeof routes)[number] =
      routes.find(({ events }) => events.some((event) => event === webhookEvent)) ?? first
    const url = `${route.routePath.replace(/:\w+(?:\(\.\*\))?/g, 'TEA-1')}?issue=TEA-1`
    const answer = await app.inject({
      method: 'POST',
      url: `${prefix}${url}`,
      headers: {
        authorization: `JWT ${await host.sign.webhookToken({ site, url })}`,
        'content-type': 'application/json'
      },
      payload
    })
    const said = route.events.find((event) => event === webhookEvent)
    const only = route.events.length === 1 ? route.events[0] : 'unknown'
    const { event, tenant, body } = heard.at(-1) ?? {}
    t.strictSame(
      [answer.statusCode, event, tenant?.clientKey, JSON.stringify(body)],
      [204, said ?? only, host.site(site).clientKey, JSON.stringify(JSON.parse(payload))]
    )
  }
  t.equal(heard.length, payloads.length)
}
