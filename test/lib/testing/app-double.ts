import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import jwt from 'atlassian-jwt'
import { createHostSimulator, type HostSimulator, type HostSimulatorOptions } from 'fastify-atlassian/testing'
import { importSPKI, type JWTVerifyResult, jwtVerify } from 'jose'

/** An app that accepts everything and remembers what came. It shares no code with the framework. */
export interface AppDouble {
  readonly requests: ReceivedRequest[]
  descriptor: Record<string, unknown>
  /** Answers in place of 204, when it gives something. */
  answer: (request: ReceivedRequest) => { status: number; body?: string } | undefined
  inject(request: {
    method: string
    url: string
    headers: Record<string, string>
    payload?: string
  }): Promise<{ statusCode: number; headers: object; body: string }>
}

export interface ReceivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export const exampleDescriptor = {
  key: 'tea-timer',
  name: 'Tea timer',
  baseUrl: 'https://tea.example.com',
  authentication: { type: 'jwt' },
  lifecycle: { installed: '/installed', uninstalled: '/uninstalled', enabled: '/enabled', disabled: '/disabled' },
  scopes: ['READ', 'act_as_user'],
  modules: {
    webPanels: [
      {
        key: 'panel',
        name: { value: 'Panel' },
        location: 'atl.jira.view.issue.right.context',
        url: '/panel?issue={issue.key}&project={project.id}'
      }
    ],
    generalPages: [
      { key: 'overview', name: { value: 'Overview' }, url: '/overview/{ac.view}?space={space.key}' },
      { key: 'cached', name: { value: 'Cached' }, url: '/cached?kept={issue.key}', cacheable: true },
      { key: 'elsewhere', name: { value: 'Elsewhere' }, url: 'https://www.example.com/elsewhere' }
    ],
    webhooks: [
      { event: 'jira:issue_updated', url: '/hooks/updated?issue={issue.key}' },
      { event: 'jira:issue_deleted', url: '/hooks/deleted?issue={issue.key}', excludeBody: true },
      { event: 'comment_created', url: '/hooks/comment' },
      { event: 'comment_created', url: '/hooks/comment-again' },
      { event: 'page_updated', url: '/hooks/page?page={page.id}' }
    ]
  }
}

export function createAppDouble(descriptor: Record<string, unknown> = exampleDescriptor): AppDouble {
  const app: AppDouble = {
    requests: [],
    descriptor,
    answer: () => undefined,
    async inject({ method, url, headers, payload }) {
      if (url.endsWith('/atlassian-connect.json')) {
        return { statusCode: 200, headers: {}, body: JSON.stringify(app.descriptor) }
      }
      const request = { method, url, headers, body: payload ?? '' }
      app.requests.push(request)
      const answer = app.answer(request)
      return { statusCode: answer?.status ?? 204, headers: { 'content-type': 'text/html' }, body: answer?.body ?? '' }
    }
  }
  return app
}

/** The same double on a port. Gives its address; the server ends with the test. */
export async function listen(t: Test, app: AppDouble): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? '')
      ])
    )
    const payload = Buffer.concat(chunks).toString()
    const answer = await app.inject({ method: request.method ?? '', url: request.url ?? '', headers, payload })
    response.writeHead(answer.statusCode)
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

interface Test {
  teardown(end: () => unknown): void
}

export async function startHost(t: Test, options?: HostSimulatorOptions): Promise<HostSimulator> {
  const host = await createHostSimulator(options)
  t.teardown(() => host.close())
  return host
}

export function lastRequest(app: AppDouble): ReceivedRequest {
  const request = app.requests.at(-1)
  if (request === undefined) throw new Error('no request came')
  return request
}

export function headerToken(request: ReceivedRequest): string {
  return /^JWT (\S+)$/.exec(String(request.headers.authorization))?.[1] ?? ''
}

export function queryToken(request: ReceivedRequest): string {
  return new URL(request.url, 'http://app').searchParams.get('jwt') ?? ''
}

/** SHA-256 of a canonical request that the test has written down itself. */
export function hashOf(canonicalRequest: string): string {
  return createHash('sha256').update(canonicalRequest).digest('hex')
}

/** Checked by jose with the tenant's secret; throws when the signature or the times are wrong. */
export async function verifyShared(token: string, secret: string, now = new Date()): Promise<JWTVerifyResult> {
  return await jwtVerify(token, new TextEncoder().encode(secret), { algorithms: ['HS256'], currentDate: now })
}

/** Checked by jose with the key that the host's key server gives for the token's kid. */
export async function verifyInstall(token: string, keyHost: string, now = new Date()): Promise<JWTVerifyResult> {
  const response = await fetch(`${keyHost}/${jwt.getKeyId(token)}`)
  const key = await importSPKI(await response.text(), 'RS256')
  return await jwtVerify(token, key, { algorithms: ['RS256'], currentDate: now })
}
