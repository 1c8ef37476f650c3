import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  createQueryStringHash,
  decodeSymmetric,
  encodeSymmetric,
  fromMethodAndUrl,
  SymmetricAlgorithm
} from 'atlassian-jwt'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { APP_KEY } from './app.ts'

/** One workspace that installs the app. */
export interface Workspace {
  readonly clientKey: string
  readonly uuid: string
  /** The secret of the last install that Bitbucket has made; tests change it as they like. */
  sharedSecret: string
}

/** How a call is signed. */
export interface CallChoice {
  readonly method?: string
  /** `null` sends no token. */
  readonly secret?: string | null
  readonly claims?: object
  readonly body?: object
}

/** A small Bitbucket: API and site on one loopback address, with tokens checked by Atlassian's own library. */
export interface FakeBitbucket {
  readonly url: string
  /** Method, path and kind of token of each request, in order. */
  readonly asked: string[]
  /** Claims of the last signed call. */
  claims: Record<string, unknown>
  /** Answers this status to the next calls instead, until it is `null` again. */
  failWith: number | null
  /** What `/2.0/user` answers as uuid in place of the true one. */
  otherAccount: string | null
  workspace(): Workspace
  token(workspace: Workspace, method: string, url: string, choice?: CallChoice): string
  body(workspace: Workspace, eventType: string, changes?: object): Record<string, unknown>
  /** Sends a life-cycle call. Default: signed with the workspace's secret. */
  send(app: FastifyInstance, workspace: Workspace, eventType: string, choice?: CallChoice): Promise<number>
}

export async function startBitbucket(t: Test, nowSeconds: () => number): Promise<FakeBitbucket> {
  const workspaces = new Map<string, Workspace>()
  const accessTokens = new Map<string, Workspace>()
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(401).end(`${error}`)
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const { method = '', url: target = '', headers } = request
    const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ')
    fake.asked.push(`${method} ${target} ${scheme}`.trim())
    const sent = await text(request)
    if (fake.failWith !== null) return { status: fake.failWith, body: {} }
    const workspace = scheme === 'Bearer' ? accessTokens.get(token) : signerOf(method, target, token)
    if (workspace === undefined) return { status: 401, body: {} }
    if (method === 'POST' && target === '/site/oauth2/access_token' && scheme === 'JWT') {
      if (new URLSearchParams(sent).get('grant_type') !== 'urn:bitbucket:oauth2:jwt') return { status: 400, body: {} }
      const fresh = randomBytes(12).toString('hex')
      accessTokens.set(fresh, workspace)
      return { status: 200, body: { access_token: fresh, expires_in: 7200, token_type: 'bearer' } }
    }
    if (target === '/2.0/user') return { status: 200, body: { uuid: fake.otherAccount ?? workspace.uuid } }
    if (target === '/2.0/list') return { status: 200, body: { values: [1, 2], next: `${fake.url}/2.0/list?page=2` } }
    if (target === '/2.0/list?page=2') return { status: 200, body: { values: [3] } }
    if (target === '/2.0/far') return { status: 200, body: { values: [1], next: 'https://evil.test/2.0/far?page=2' } }
    return { status: 200, body: { path: target, as: workspace.uuid } }
  }

  function signerOf(method: string, target: string, token: string): Workspace {
    const unverified = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const workspace = workspaces.get(unverified.sub)
    if (workspace === undefined) throw new Error('no such clientKey')
    const claims = decodeSymmetric(token, workspace.sharedSecret, SymmetricAlgorithm.HS256)
    const qsh = createQueryStringHash(fromMethodAndUrl(method.toLowerCase() as 'get', target))
    if (claims.iss !== APP_KEY || claims.qsh !== qsh || claims.exp < nowSeconds()) throw new Error('claims')
    fake.claims = claims
    return workspace
  }

  const fake: FakeBitbucket = {
    url,
    asked: [],
    claims: {},
    failWith: null,
    otherAccount: null,
    workspace() {
      const workspace = {
        clientKey: `connection:${randomUUID()}`,
        uuid: `{${randomUUID()}}`,
        sharedSecret: newSecret()
      }
      workspaces.set(workspace.clientKey, workspace)
      return workspace
    },
    token(workspace, method, target, { secret, claims } = {}) {
      const qsh = createQueryStringHash(fromMethodAndUrl(method.toLowerCase() as 'get', target))
      const [iat, exp] = [nowSeconds(), nowSeconds() + 180]
      const all = { iss: workspace.clientKey, sub: 'ada', iat, exp, qsh, jti: randomUUID(), ...claims }
      return encodeSymmetric(all as never, secret ?? workspace.sharedSecret, SymmetricAlgorithm.HS256)
    },
    body: (workspace, eventType, changes = {}) => ({
      key: APP_KEY,
      eventType,
      productType: 'bitbucket',
      baseUrl: url,
      baseApiUrl: url,
      clientKey: workspace.clientKey,
      ...(eventType === 'installed' ? { sharedSecret: workspace.sharedSecret, publicKey: 'none' } : {}),
      user: { type: 'user', uuid: '{00000000-0000-0000-0000-000000000001}' },
      principal: { type: 'team', uuid: workspace.uuid, links: { html: { href: `${url}/acme/` } } },
      ...changes
    }),
    async send(app, workspace, eventType, choice = {}) {
      const target = `/${eventType}`
      const headers: Record<string, string> = { 'content-type': 'application/json' }
      if (choice.secret !== null) headers.authorization = `JWT ${fake.token(workspace, 'POST', target, choice)}`
      const payload = choice.body ?? fake.body(workspace, eventType)
      const { statusCode } = await app.inject({ method: 'POST', url: target, headers, payload })
      return statusCode
    }
  }
  return fake
}

export function newSecret(): string {
  return randomBytes(32).toString('base64')
}
