import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import t from 'tap'
import {
  assertDescriptor,
  checkDescriptor,
  descriptorModules,
  descriptorWebhooks,
  lifecyclePaths,
  loadDescriptor
} from '../../../lib/descriptor/index.ts'

const folder = new URL('../../../../shared/real-inputs/descriptors/', import.meta.url)

interface Expected {
  /** `code field` of each error; empty when the app boots. */
  errors?: string[]
  warnings?: string[]
  pages: number
  others?: number
  cacheable?: number
  /** Deliveries and distinct routes. */
  webhooks?: [count: number, routes: number]
  lifecycle: string[]
}

const inUn = ['/installed', '/uninstalled']
const springTemplate = ['placeholder-left key', 'placeholder-left baseUrl']
const expected: Record<string, Expected> = {
  'ace-own-test.json': {
    warnings: ['module-key-missing modules.webItems[0].key'],
    pages: 0,
    webhooks: [2, 2],
    lifecycle: ['/installed']
  },
  'ai4agile.json': { pages: 4, lifecycle: [] },
  'aws-code-suite.json': { errors: springTemplate, pages: 0, lifecycle: inUn },
  'bitbucket-pr-version.json': { warnings: ['scope-unknown scopes[0]'], pages: 1, lifecycle: inUn },
  'dynatrace-jira.json': { pages: 4, webhooks: [3, 3], lifecycle: ['/installed'] },
  'example-app-java.json': { pages: 3, webhooks: [3, 3], lifecycle: ['/events/installed', '/events/uninstalled'] },
  'facts-43-webhooks.json': {
    warnings: ['base-url-slash baseUrl', 'webhook-repeated modules.webhooks[11]'],
    pages: 1,
    webhooks: [43, 1],
    lifecycle: ['/hooks/installed', '/hooks/uninstalled', '/hooks/enabled', '/hooks/disabled']
  },
  'github-app-web-panel.json': { warnings: ['base-url-slash baseUrl'], pages: 1, lifecycle: [] },
  'github-for-jira.json': {
    errors: ['key-missing key'],
    warnings: ['name-missing name', 'api-migration-off apiMigrations.gdpr'],
    pages: 12,
    lifecycle: ['/jira/events/installed', '/jira/events/uninstalled', '/jira/events/enabled', '/jira/events/disabled']
  },
  'mattermost-jira-go-template.json': {
    errors: [
      ...springTemplate,
      'placeholder-left lifecycle.installed',
      'placeholder-left lifecycle.uninstalled',
      'placeholder-left modules.generalPages[0].key',
      'placeholder-left modules.generalPages[0].url'
    ],
    warnings: ['placeholder-left name', 'placeholder-left links.self'],
    pages: 1,
    lifecycle: ['/{:RouteACInstalled(.*)}', '/{:RouteACUninstalled(.*)}']
  },
  'my-reminders.json': { pages: 4, webhooks: [2, 2], lifecycle: inUn },
  'runtime-bridge-connect-sample.json': { errors: springTemplate, pages: 2, lifecycle: inUn },
  'specif-importer.json': { pages: 2, lifecycle: [] },
  'static-empty-base-url.json': { errors: ['base-url-empty baseUrl'], pages: 1, lifecycle: [] },
  'taxonomies-confluence.json': { errors: springTemplate, pages: 9, others: 4, webhooks: [13, 13], lifecycle: inUn },
  'zenuml-confluence.json': { pages: 21, others: 4, cacheable: 4, lifecycle: inUn }
}

if (!existsSync(folder)) t.plan(0, 'the folder with real descriptors is not beside this repository')
else {
  const names = readdirSync(folder)
  t.strictSame(names.sort(), Object.keys(expected).sort(), 'every real descriptor has its verdict')
  for (const [name, wanted] of Object.entries(expected)) {
    t.test(`${name} has its expected verdict, pages, webhooks and routes`, async (t) => {
      const appKey = name === 'github-for-jira.json' ? undefined : 'com.example.app'
      const path = fileURLToPath(new URL(name, folder))
      const descriptor = await loadDescriptor(path, {
        baseUrl: 'https://app.example.com/base',
        environment: 'test',
        appKey
      })
      const problems = checkDescriptor(descriptor)
      const list = (wantedSeverity: string) =>
        problems
          .flatMap(({ severity, code, field }) => (severity === wantedSeverity ? [`${code} ${field}`] : []))
          .sort()
      t.strictSame(list('error'), (wanted.errors ?? []).toSorted())
      t.strictSame(list('warning'), (wanted.warnings ?? []).toSorted())
      if (wanted.errors === undefined) t.strictSame(assertDescriptor(descriptor), problems)
      else t.throws(() => assertDescriptor(descriptor), { code: 'ATL_DESCRIPTOR' })

      const modules = descriptorModules(descriptor)
      const webhooks = descriptorWebhooks(descriptor)
      const lifecycle = Object.values(lifecyclePaths(descriptor)).map(({ routePath }) => routePath)
      t.equal(modules.filter(({ pageLike }) => pageLike).length, wanted.pages)
      t.equal(modules.filter(({ pageLike }) => !pageLike).length, wanted.others ?? 0)
      t.equal(modules.filter(({ cacheable }) => cacheable).length, wanted.cacheable ?? 0)
      t.strictSame([webhooks.flatMap((route) => route.webhooks).length, webhooks.length], wanted.webhooks ?? [0, 0])
      t.strictSame(lifecycle, wanted.lifecycle)

      if (wanted.errors !== undefined) return
      const app = Fastify()
      for (const routePath of new Set(modules.map((module) => module.routePath))) app.get(routePath, async () => 'page')
      for (const routePath of [...lifecycle, ...webhooks.map((route) => route.routePath)])
        app.post(routePath, async () => 'ok')
      for (const { path, query } of modules) {
        const address = `${path}?${query}`.replace(/\{[^{}]*\}/g, 'ABC-1')
        t.equal((await app.inject(address)).body, 'page', address)
      }
      await app.close()
    })
  }
}
