import t from 'tap'
import { descriptorModules, descriptorWebhooks, lifecyclePaths, loadDescriptor } from '../../../lib/descriptor/index.ts'

const load = (source: object) =>
  loadDescriptor(
    { key: 'k', baseUrl: 'https://app.example.com/base/', authentication: {}, ...source },
    { baseUrl: 'https://x.example' }
  )

async function urls(modules: object): Promise<string[]> {
  return descriptorModules(await load({ modules })).map(
    ({ field, url, methods, pageLike, cacheable }) =>
      `${field} ${methods.join('|')} ${url}${pageLike ? ' page' : ''}${cacheable ? ' cacheable' : ''}`
  )
}

t.test('a page is described in full', async (t) => {
  const page = {
    key: 'p',
    name: { value: 'Page', i18n: 'p' },
    url: 'issue/{issue.key}?x={project.id}#top',
    cacheable: true
  }
  t.strictSame(descriptorModules(await load({ modules: { generalPages: [page] } })), [
    {
      type: 'generalPages',
      key: 'p',
      name: 'Page',
      url: '/issue/{issue.key}?x={project.id}',
      path: '/issue/{issue.key}',
      query: 'x={project.id}',
      routePath: '/issue/:issueKey',
      methods: ['GET'],
      cacheable: true,
      pageLike: true,
      field: 'modules.generalPages[0].url'
    }
  ])
})

t.test('a module may be alone, in a list, false, null or absent', async (t) => {
  t.strictSame(
    await urls({
      configurePage: { url: '/c' },
      webPanels: [{ url: 'a' }, 7, { url: '/b' }],
      dialogs: false,
      adminPages: null
    }),
    [
      'modules.configurePage.url GET /c page',
      'modules.webPanels[0].url GET /a page',
      'modules.webPanels[2].url GET /b page'
    ]
  )
  for (const modules of [undefined, null, false, [], 'x']) t.strictSame(descriptorModules(await load({ modules })), [])
})

t.test('URLs are found wherever a module type keeps them', async (t) => {
  t.strictSame(
    await urls({
      jiraIssueGlances: [{ target: { type: 'web_panel', url: '/glance' }, icon: { url: '/icon.png' } }],
      jiraWorkflowPostFunctions: [
        { triggered: { url: '/run' }, create: { url: '/create' }, edit: { url: '/edit' }, view: { url: '/view' } }
      ],
      dynamicContentMacros: [
        {
          url: '/macro',
          renderingMethod: 'POST',
          editor: { url: '/editor', cacheable: true },
          imagePlaceholder: { url: '/image' },
          renderModes: { default: { url: '/export' }, pdf: { url: '/pdf' } },
          documentation: { url: '/help' }
        }
      ],
      staticContentMacros: [{ url: '/static' }],
      blueprints: [{ template: { url: '/template', blueprintContext: { url: '/context' } } }],
      jiraRemoteLinkInfoProvider: { homeUrl: '/home', actions: [{ templateUrl: '/act' }] },
      confluenceThemes: [{ routes: { spaceview: { url: '/space' } } }]
    }),
    [
      'modules.jiraIssueGlances[0].target.url GET /glance page',
      'modules.jiraWorkflowPostFunctions[0].create.url GET /create page',
      'modules.jiraWorkflowPostFunctions[0].edit.url GET /edit page',
      'modules.jiraWorkflowPostFunctions[0].view.url GET /view page',
      'modules.jiraWorkflowPostFunctions[0].triggered.url POST /run',
      'modules.dynamicContentMacros[0].url POST /macro page',
      'modules.dynamicContentMacros[0].editor.url GET /editor page cacheable',
      'modules.dynamicContentMacros[0].imagePlaceholder.url GET /image',
      'modules.dynamicContentMacros[0].renderModes.default.url GET /export',
      'modules.dynamicContentMacros[0].renderModes.pdf.url GET /pdf',
      'modules.staticContentMacros[0].url GET /static',
      'modules.blueprints[0].template.url GET|POST /template',
      'modules.blueprints[0].template.blueprintContext.url POST /context',
      'modules.jiraRemoteLinkInfoProvider.actions[0].templateUrl GET|POST /act',
      'modules.confluenceThemes[0].routes.spaceview.url GET /space page'
    ]
  )
})

t.test('what is not below the base URL, or names something else, is not ours', async (t) => {
  t.strictSame(
    await urls({
      webPanels: [
        { url: 'https://elsewhere.example/a' },
        { url: 'https://app.example.com/base/ours?x' },
        { url: 'https://app.example.com/a' }
      ],
      webItems: [
        { url: 'page-key', context: 'page' },
        { url: '/browse', context: 'product' },
        { url: '/item', context: 'addon' }
      ],
      jiraDevelopmentTool: {
        url: '/home',
        actions: { createBranch: { templateUrl: 'https://app.example.com/base/branch?jwt={jwt}' } }
      },
      webhooks: [{ event: 'a', url: '/hook' }]
    }),
    [
      'modules.webPanels[1].url GET /ours?x page',
      'modules.webItems[2].url GET /item page',
      'modules.jiraDevelopmentTool.actions.createBranch.templateUrl GET|POST /branch?jwt={jwt}'
    ]
  )
})

t.test('webhooks share a route when only their queries or variable names differ', async (t) => {
  const webhooks = [
    { event: 'b', url: 'hook?x=1' },
    { event: 'a', url: '/hook?x={issue.key}' },
    { event: 'a', url: '/hook' },
    { event: 'c', url: '/hook/{issue.key}' },
    { event: 'd', url: '/hook/{issue.id}?z' },
    { event: '', url: '/none' },
    { event: 'x', url: 'https://app.example.com/base/abs' },
    { event: 'y' }
  ]
  t.strictSame(descriptorWebhooks(await load({ modules: { webhooks } })), [
    {
      routePath: '/hook',
      events: ['b', 'a'],
      webhooks: [
        { event: 'b', url: '/hook?x=1', path: '/hook', field: 'modules.webhooks[0]' },
        { event: 'a', url: '/hook?x={issue.key}', path: '/hook', field: 'modules.webhooks[1]' },
        { event: 'a', url: '/hook', path: '/hook', field: 'modules.webhooks[2]' }
      ]
    },
    {
      routePath: '/hook/:issueKey',
      events: ['c', 'd'],
      webhooks: [
        { event: 'c', url: '/hook/{issue.key}', path: '/hook/{issue.key}', field: 'modules.webhooks[3]' },
        { event: 'd', url: '/hook/{issue.id}?z', path: '/hook/{issue.id}', field: 'modules.webhooks[4]' }
      ]
    }
  ])
  t.match(descriptorWebhooks(await load({ modules: { webhooks: { event: 'a', url: '/one' } } })), [
    { routePath: '/one' }
  ])
})

t.test('life-cycle paths have a slash in front and no query', async (t) => {
  const lifecycle = {
    installed: 'hooks/in?secret=1',
    uninstalled: '/un:x',
    enabled: 'https://a.example/x',
    disabled: null,
    other: '/o'
  }
  t.strictSame(lifecyclePaths(await load({ lifecycle })), {
    installed: { path: '/hooks/in', routePath: '/hooks/in', field: 'lifecycle.installed' },
    uninstalled: { path: '/un:x', routePath: '/un::x', field: 'lifecycle.uninstalled' }
  })
  for (const odd of [undefined, null, 'x', []]) t.strictSame(lifecyclePaths(await load({ lifecycle: odd })), {})
})
