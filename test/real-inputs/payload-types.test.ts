import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createSites } from '../../lib/testing/site.ts'
import { webhookPayload } from '../../lib/testing/webhook-payloads.ts'
import { absent, hasRealInputs, jsonFiles, realInputs } from './folder.ts'

const root = join(import.meta.dirname, '../..')
const compiler = join(root, 'node_modules/typescript/lib/tsc.js')

const jiraEvents = [
  'jira:issue_created',
  'jira:issue_updated',
  'jira:issue_deleted',
  'comment_created',
  'comment_updated',
  'worklog_created',
  'issue_property_set',
  'attachment_created',
  'issuelink_created',
  'project_created',
  'jira:version_released',
  'user_created',
  'sprint_started',
  'board_created',
  'option_voting_changed'
]

const wikiEvents = [
  'page_created',
  'page_updated',
  'blog_created',
  'comment_created',
  'content_created',
  'space_created',
  'attachment_created',
  'label_added',
  'search_performed',
  'user_removed'
]

interface Payload {
  readonly from: string
  readonly map: 'JiraWebhookMap' | 'ConfluenceWebhookMap' | 'ForgeProductMap' | 'ForgeEventMap'
  readonly event: string
  readonly body: unknown
}

/**
 * The compiler itself judges each payload by the type that an app gets for it, so that types and payloads cannot drift
 * apart. A payload passes through a variable: members that no type names are no mistake.
 */
async function mistakesIn(folder: string, payloads: readonly Payload[]): Promise<string[]> {
  const directory = join(root, '.tap', folder)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const lines = payloads.map(({ map, event, body }, index) => {
    const type = `import('fastify-atlassian').${map}[${JSON.stringify(event)}]${map === 'ForgeEventMap' ? "['body']" : ''}`
    return `const given${index} = ${JSON.stringify(body)}; export const body${index}: ${type} = given${index}`
  })
  writeFileSync(join(directory, 'payloads.ts'), lines.join('\n'))
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { rootDir: '../..' },
      include: ['*.ts'],
      exclude: []
    })
  )
  const args = [compiler, '--noEmit', '--pretty', 'false', '--project', directory]
  const output = await promisify(execFile)(process.execPath, args, { cwd: directory }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? String(error)
  )
  return output
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => {
      const [, number = '0', rest = line] = /\((\d+),\d+\): (.*)$/.exec(line) ?? []
      const payload = payloads[Number(number) - 1]
      return payload === undefined ? line : `${payload.from} (${payload.event}): ${rest}`
    })
}

t.test('every real payload is what the types say', { skip: hasRealInputs ? false : absent }, async (t) => {
  const read = (folder: string[], name: string) => JSON.parse(readFileSync(join(realInputs, ...folder, name), 'utf8'))
  const jira = jsonFiles('webhooks', 'jira').map((from): Payload => {
    const body = read(['webhooks', 'jira'], from)
    return { from, map: 'JiraWebhookMap', event: body.webhookEvent, body }
  })
  const products = jsonFiles('forge-events')
    .filter((name) => name.startsWith('avi-'))
    .map((from): Payload => {
      const body = read(['forge-events'], from)
      return { from, map: 'ForgeProductMap', event: body.eventType ?? body.type, body }
    })
  const lives = ['installed', 'upgraded'].map((word): Payload => {
    const from = `lifecycle-avi-forge-${word}-app.json`
    return { from, map: 'ForgeEventMap', event: `forge:${word}`, body: read(['forge-events'], from) }
  })
  t.ok(jira.length >= 60 && products.length >= 28)
  t.strictSame(await mistakesIn('real-payloads', [...jira, ...products, ...lives]), [])
})

t.test('the payloads of the simulated host are what the types say', async (t) => {
  const { sites } = createSites(
    [
      { name: 'jira', product: 'jira' },
      { name: 'wiki', product: 'confluence' }
    ],
    1_780_000_000_000
  )
  const [jira, wiki] = sites
  if (jira === undefined || wiki === undefined) throw new Error('there are two sites')
  const made = (site: typeof jira, map: Payload['map'], events: readonly string[]) =>
    events.map((event): Payload => {
      const actor = event.length % 2 === 0 ? null : 'account-of-nobody'
      return { from: 'simulator', map, event, body: webhookPayload(site, { event, actor }, 1_780_000_000_000) }
    })
  const payloads = [...made(jira, 'JiraWebhookMap', jiraEvents), ...made(wiki, 'ConfluenceWebhookMap', wikiEvents)]
  t.strictSame(await mistakesIn('simulated-payloads', payloads), [])
})

t.test('a payload that lacks what the type demands is found', async (t) => {
  const wrong: Payload = { from: 'wrong', map: 'JiraWebhookMap', event: 'jira:issue_updated', body: { timestamp: 1 } }
  t.match(await mistakesIn('wrong-payload', [wrong]), [/^wrong \(jira:issue_updated\): error TS2739/])
})
