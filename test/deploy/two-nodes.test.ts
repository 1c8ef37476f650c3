import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createHostSimulator } from 'fastify-atlassian/testing'
import t, { type Test } from 'tap'
import { freePorts } from '../helpers/free-ports.ts'
import { startNginx } from '../helpers/nginx.ts'
import { testPostgres } from '../helpers/postgres.ts'

const node = join(import.meta.dirname, 'node.ts')
const template = join(import.meta.dirname, '../../deploy/nginx.conf.template')

t.test('two nodes behind the proxy of the deployment guide', async (t) => {
  const postgres = await testPostgres(t)
  if (postgres === null) return
  const [first = 0, second = 0, proxy = 0] = await freePorts(3)
  const baseUrl = `http://127.0.0.1:${proxy}`
  const host = await createHostSimulator({ sites: [{ name: 'site', product: 'jira' }] })
  t.teardown(() => host.close())
  const env = {
    NODE_ENV: 'test',
    BASE_URL: baseUrl,
    DATABASE_URL: await postgres.freshDatabase(),
    OPTIONS: JSON.stringify({ ...host.connectOptions(), views: undefined })
  }
  const nodes = new Map([[first, await startNode(t, { ...env, PORT: String(first) })]])
  nodes.set(second, await startNode(t, { ...env, PORT: String(second) }))
  const names = { NODE_1: `127.0.0.1:${first}`, NODE_2: `127.0.0.1:${second}`, LISTEN: `127.0.0.1:${proxy}` }
  if (!(await startNginx(t, template, names, `${baseUrl}/health`))) return

  await t.test('an install through the proxy is known to both', async (t) => {
    t.equal((await host.install(baseUrl)).status, 204)
    for (let visit = 0; visit < 4; visit += 1) t.equal((await host.openPage('issue-checklist')).status, 200)
  })

  await t.test('an address that proxies like to change keeps its hash', async (t) => {
    for (const path of ['/echo/a%2Fb//c?q=a+b&c=%20%7E&empty=&q=A', '/echo/%7Efo%C3%B6/x;y=1?a=%2f&b=%C3%A4']) {
      const token = await host.sign.pageToken({ url: path })
      const answer = await rawGet(proxy, `${path}&jwt=${token}`)
      t.match(answer, /^HTTP\/1\.1 200/, `${path} passes authentication`)
      t.ok(answer.includes(path), 'and arrives as it was sent')
    }
  })

  await t.test('a deploy of one node after the other refuses nobody', async (t) => {
    let deploying = true
    const statuses = new Map<number, number>()
    const visitor = async () => {
      while (deploying) {
        const { status } = await host.openPage('issue-checklist')
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    const visitors = [visitor(), visitor(), visitor()]
    for (const port of [first, second]) {
      await wait(300)
      const old = nodes.get(port)
      const ended = old === undefined ? [0] : once(old, 'exit')
      old?.kill('SIGTERM')
      t.equal((await ended)[0], 0, 'it ends by itself')
      nodes.set(port, await startNode(t, { ...env, PORT: String(port) }))
      // The proxy tries a node again after a second.
      await wait(1200)
    }
    deploying = false
    await Promise.all(visitors)
    t.same([...statuses.keys()], [200], JSON.stringify([...statuses]))
    t.ok((statuses.get(200) ?? 0) > 50, `${statuses.get(200)} pages`)
  })
})

async function startNode(t: Test, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = fork(node, { execArgv: ['--conditions=fastify-atlassian-source'], env: { ...process.env, ...env } })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (typeof message !== 'object') throw new Error(`the node ended with ${message}`)
  return child
}

/** Sends the address as it is written, where `fetch` would tidy it. */
async function rawGet(port: number, target: string): Promise<string> {
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}
