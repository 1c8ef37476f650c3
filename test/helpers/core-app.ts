import {
  AtlassianError,
  createInstallKeySource,
  type SignedRequest,
  verifyInstallation,
  verifyRequest
} from 'fastify-atlassian/core'
import type { HostSimulator } from 'fastify-atlassian/testing'

/** What an app without Fastify keeps of a tenant. */
interface Row {
  readonly baseUrl: string
  readonly sharedSecret: string
}

/** The same small app for every server: each has to give it the signed request and the parsed body, and send the answer. */
export interface Answer {
  readonly status: number
  readonly body: object
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export function createCoreApp(host: HostSimulator, baseUrl: string) {
  const rows = new Map<string, Row>()
  const { allowedHosts, installKeyHosts } = host.connectOptions()
  const keys = createInstallKeySource({
    hosts: installKeyHosts,
    fetch: (url, init) => fetch(url, init),
    clock: Date.now,
    log: silent,
    maxFetchesPerMinute: 30,
    timeoutMs: 5000
  })
  const app = {
    appKey: 'core-app',
    baseUrl,
    credentialsLoader(clientKey: string) {
      const row = rows.get(clientKey)
      return row && { sharedSecret: row.sharedSecret, storedEntity: row }
    }
  }

  const installed = async (request: SignedRequest, body: unknown): Promise<Answer> => {
    const { clientKey, install, type } = await verifyInstallation({ ...app, request, body, keys, allowedHosts })
    const { sharedSecret, baseUrl: siteUrl } = install.payload
    rows.set(clientKey, { baseUrl: siteUrl, sharedSecret: sharedSecret?.reveal() ?? '' })
    return { status: 200, body: { type } }
  }
  const uninstalled = async (request: SignedRequest, body: unknown): Promise<Answer> => {
    const event = 'uninstalled'
    const { clientKey } = await verifyInstallation({ ...app, request, body, keys, allowedHosts, event })
    rows.delete(clientKey)
    return { status: 200, body: {} }
  }
  const page = async (request: SignedRequest): Promise<Answer> => {
    const { connect, storedEntity } = await verifyRequest({ ...app, request })
    return { status: 200, body: { user: connect.accountId, site: storedEntity.baseUrl } }
  }
  const api = async (request: SignedRequest): Promise<Answer> => {
    const { connect } = await verifyRequest({ ...app, request, queryStringHashType: 'context' })
    return { status: 200, body: { user: connect.accountId, issue: connect.context.jira?.issue?.key } }
  }

  return {
    rows,
    descriptor: {
      key: 'core-app',
      name: 'Core',
      baseUrl,
      authentication: { type: 'jwt' },
      scopes: ['READ'],
      lifecycle: { installed: '/installed', uninstalled: '/uninstalled' },
      modules: {
        webPanels: [
          {
            key: 'panel',
            name: { value: 'Panel' },
            location: 'atl.jira.view.issue.right',
            url: '/panel?key={issue.key}'
          }
        ],
        webhooks: [{ event: 'jira:issue_updated', url: '/hook' }]
      }
    },
    routes: {
      'POST /installed': installed,
      'POST /uninstalled': uninstalled,
      'GET /panel': page,
      'POST /hook': page,
      'GET /api': api
    }
  }
}

/** What every server makes of a refusal. */
export async function answered(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AtlassianError) return { status: error.statusCode, body: { message: error.message } }
    throw error
  }
}
