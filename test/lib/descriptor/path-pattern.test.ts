import fc from 'fast-check'
import Fastify from 'fastify'
import t from 'tap'
import { appAddress, matchesPath, pathPattern } from '../../../lib/descriptor/index.ts'
import { routeIdentity } from '../../../lib/descriptor/path-pattern.ts'

/** Asks a real router: the parameters when the route serves the address, else `null`. */
async function route(routePath: string, address: string): Promise<unknown> {
  const app = Fastify()
  app.get(routePath, async (request) => request.params)
  const response = await app.inject(address)
  await app.close()
  return response.statusCode === 200 ? response.json() : null
}

t.test('a path of the descriptor becomes a route', async (t) => {
  const cases: [string, string][] = [
    ['/issue/{issue.key}/panel?x={project.id}', '/issue/:issueKey/panel'],
    ['/jira/{ac.connectConfigUuid}/app/{ac.uuid}#top', '/jira/:acConnectConfigUuid/app/:acUuid'],
    ['webhook-forward?jira_event', '/webhook-forward'],
    ['', '/'],
    ['?a=b', '/'],
    ['/{id}/{id}', '/:id/:id2'],
    ['/v-{x}', '/v-:x'],
    ['/a-{x}-{y}', '/a-:x(.*)-:y(.*)'],
    ['/{x}.html', '/:x(.*).html'],
    ['/{a}-{b}-{c}', '/:aBC'],
    ['/time:{x}', '/time:::x'],
    ['/a:b', '/a::b'],
    ['/a*b', '/:segment'],
    ['/my%20page', '/my page'],
    ['/a%2Fb', '/:segment'],
    ['/a%2ab', '/:segment'],
    ['/{1}', '/:var1'],
    ['/{constructor}/{__proto__}/{}', '/:varconstructor/:proto/:segment']
  ]
  for (const [url, pattern] of cases) t.equal(pathPattern(url), pattern, url)
})

t.test('the router of Fastify gives the values of the variables', async (t) => {
  t.strictSame(await route(pathPattern('/issue/{issue.key}/panel'), '/issue/ABC-1/panel?jwt=x'), { issueKey: 'ABC-1' })
  t.strictSame(await route(pathPattern('/issue/{issue.key}/panel'), '/issue//panel'), { issueKey: '' })
  t.strictSame(await route(pathPattern('/a-{x}-{y}'), '/a-1-2'), { x: '1', y: '2' })
  t.strictSame(await route(pathPattern('/{x}(b)'), '/q(b)'), { x: 'q' })
  t.equal(await route(pathPattern('/issue/{issue.key}'), '/issue/a/b'), null)
  t.equal(await route(pathPattern('/a:b'), '/aXb'), null)
})

const letters = fc.string({ unit: fc.constantFrom(..."abz09-._~!$&'()*+,;=:@ é%{/"), maxLength: 5 })
const fixed = letters.map((text) => encodeURI(text.replaceAll('{', '').replaceAll('/', '')))
const encodedFixed = letters.map((text) => encodeURIComponent(text))
const variable = fc
  .constantFrom('issue.key', 'project.id', 'ac.x', 'a-b', 'constructor', '1')
  .map((name) => `{${name}}`)
const segments = fc.array(
  fc.array(fc.oneof(fixed, encodedFixed, variable), { maxLength: 5 }).map((parts) => parts.join('')),
  {
    minLength: 1,
    maxLength: 4
  }
)

t.test('every path with any values in it reaches its route, and matchesPath agrees', async () => {
  await fc.assert(
    fc.asyncProperty(segments, fc.array(letters, { minLength: 20, maxLength: 20 }), async (list, values) => {
      const url = `/${list.filter((segment) => !/^\.{1,2}$/.test(segment)).join('/')}`
      fc.pre(!url.startsWith('//'))
      let next = 0
      const address = url.replace(/\{[^{}]*\}/g, () => encodeURIComponent(values[next++] ?? ''))
      fc.pre(!/\/\.{1,2}(?:\/|$)/.test(address) && !address.startsWith('//'))
      const routePath = pathPattern(url)
      if ((await route(routePath, address)) === null) throw new Error(`${routePath} does not serve ${address}`)
      if (!matchesPath(routePath, address)) throw new Error(`matchesPath(${routePath}, ${address})`)
      if (!matchesPath(routePath, url)) throw new Error(`matchesPath(${routePath}, ${url})`)
    }),
    { numRuns: 150 }
  )
})

t.test('any text gives a route path that Fastify accepts', async () => {
  const wild = fc.string({ unit: fc.constantFrom(...'ab{}:*()?#%/\\.-+ \u0000é2F'), maxLength: 14 })
  await fc.assert(
    fc.asyncProperty(wild, async (url) => {
      const app = Fastify()
      app.get(pathPattern(url), async () => 'ok')
      await app.ready()
      await app.close()
    }),
    { numRuns: 150 }
  )
})

t.test('matchesPath tells which routes of an app may serve a path', async (t) => {
  const yes: [string, string][] = [
    ['/panel', '/panel?x={y}'],
    ['/issue/:key/panel', '/issue/{issue.key}/panel'],
    ['/issue/:key/panel', '/issue/ABC-1/panel'],
    ['/static/*', '/static/a/b.html'],
    ['*', '/anything/{x}'],
    ['/p/:id?', '/p'],
    ['/p/:id?', '/p/1'],
    ['/n/:id(^\\d+\\)?$)/x', '/n/12/x'],
    ['/:file.:ext', '/{name}.png'],
    ['/my page', '/my%20page'],
    ['/a::b', '/a:b']
  ]
  const no: [string, string][] = [
    ['/panel', '/panel/'],
    ['/panel', '/panels'],
    ['/issue/list', '/issue/{issue.key}'],
    ['/issue/:key', '/issue/a/b'],
    ['/p/:id?', '/p/1/2'],
    ['/a.b', '/aXb'],
    ['/a', '/%zz']
  ]
  for (const [routePath, path] of yes) t.ok(matchesPath(routePath, path), `${routePath} ${path}`)
  for (const [routePath, path] of no) t.notOk(matchesPath(routePath, path), `${routePath} ${path}`)
})

t.test('a path with many variables costs the router no time', async (t) => {
  const started = performance.now()
  await route(pathPattern('/{a}-{b}-{c}-{d}-{e}x'), `/${'-'.repeat(90)}`)
  await route(pathPattern('/{a}-{b}x'), `/${'-'.repeat(200)}`)
  t.ok(performance.now() - started < 2000)
})

t.test('two route paths that differ in the names of parameters only are one route', async (t) => {
  t.equal(routeIdentity('/a/:x/b-:y(.*)-z'), routeIdentity('/a/:q/b-:r(.*)-z'))
  t.equal(routeIdentity('/a:::x'), '/a:::')
  t.not(routeIdentity('/a::x'), routeIdentity('/a::y'))
})

t.test('an address is found below the base URL and nowhere else', async (t) => {
  const base = 'https://App.example.com:443/base/'
  t.match(appAddress('https://app.example.com/base/x?y=1#z', base), { url: '/x?y=1', path: '/x', query: 'y=1' })
  t.match(appAddress('https://app.example.com/base', base), { url: '/' })
  t.match(appAddress('x?{a}=/b', base), { url: '/x?{a}=/b', path: '/x', query: '{a}=/b' })
  t.match(appAddress('/x?', base), { url: '/x', query: '' })
  for (const url of [
    'https://app.example.com/based/x',
    'https://app.example.com/x',
    'http://app.example.com/base/x',
    'https://app.example.com.evil.example/base/x',
    'https://app.example.com@evil.example/base/x',
    '//app.example.com/base/x',
    '\\\\app.example.com/base',
    'javascript:alert(1)',
    'data:text/html,x'
  ]) {
    t.equal(appAddress(url, base), null, url)
  }
  t.equal(appAddress('https://app.example.com/x', ''), null)
})
