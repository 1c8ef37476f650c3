import { importsOf, packageOf, resolveImport, withoutComments } from './imports.ts'
import type { Manifest } from './source-files.ts'

/** What each part of `lib` may import beside itself. Nothing else, so no import runs upward. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  encryption: ['ground'],
  tenant: ['ground'],
  jwt: ['ground', 'tenant'],
  verify: ['ground', 'tenant', 'jwt'],
  bitbucket: ['ground', 'tenant', 'jwt', 'host'],
  // The loose modes. Nothing imports them.
  compat: ['ground', 'tenant', 'jwt', 'verify', 'bitbucket'],
  delivery: ['ground', 'tenant'],
  store: ['ground', 'encryption', 'tenant'],
  host: ['ground', 'tenant', 'jwt'],
  authorize: ['ground', 'tenant', 'jwt', 'host'],
  forge: ['ground', 'tenant', 'jwt', 'host'],
  webhook: ['ground', 'tenant', 'jwt'],
  'dynamic-webhooks': ['ground', 'tenant', 'host'],
  // Asks nobody anything: it only writes down what arrived.
  recording: ['ground'],
  'personal-data': ['ground', 'tenant', 'host'],
  license: ['ground', 'tenant', 'jwt', 'forge'],
  'app-services': ['ground', 'tenant', 'host'],
  descriptor: ['ground', 'tenant', 'jwt', 'host', 'webhook'],
  residency: ['ground', 'tenant', 'descriptor'],
  manifest: ['ground', 'descriptor'],
  app: [
    'ground',
    'encryption',
    'tenant',
    'jwt',
    'delivery',
    'host',
    'forge',
    'authorize',
    'webhook',
    'dynamic-webhooks',
    'recording',
    'descriptor',
    'bitbucket',
    'personal-data',
    'license',
    'residency',
    'app-services'
  ],
  frame: ['ground', 'tenant', 'jwt', 'host', 'descriptor', 'app'],
  index: [
    'ground',
    'tenant',
    'jwt',
    'verify',
    'bitbucket',
    'delivery',
    'host',
    'forge',
    'authorize',
    'webhook',
    'dynamic-webhooks',
    'recording',
    'descriptor',
    'manifest',
    'app',
    'frame'
  ],
  'import-ace': ['ground', 'tenant', 'jwt', 'store', 'app'],
  // It knows the options and the addresses of Atlassian, and reads no file and no variable by itself.
  config: ['ground', 'jwt', 'host', 'forge', 'app'],
  explain: ['ground', 'tenant', 'jwt', 'forge'],
  // The app's options, because the doctor judges them as an app does; tokens, because `sign` makes and `explain` reads them.
  cli: [
    'ground',
    'encryption',
    'tenant',
    'jwt',
    'store',
    'import-ace',
    'descriptor',
    'manifest',
    'config',
    'app',
    'explain',
    'recording'
  ],
  testing: ['ground', 'tenant', 'jwt', 'host', 'webhook', 'descriptor']
}

const ground = ['errors', 'secret', 'ports', 'bounded-map', 'version', 'within', 'allowed-hosts', 'base-url'].map(
  (name) => `lib/${name}.ts`
)

/** Commands that bring a simulated host with them; they load it when they are called. */
const simulatorUsers = ['lib/cli/dev/simulated-host.ts']

/** Packages that only one place knows. */
const homes: Readonly<Record<string, string | readonly string[]>> = {
  kysely: 'lib/store/',
  pg: 'lib/store/',
  mysql2: 'lib/store/',
  redis: 'lib/store/',
  'better-sqlite3': 'lib/store/',
  fastify: ['plugins/', 'ace/'],
  'fastify-plugin': 'plugins/',
  '@fastify/view': 'plugins/',
  handlebars: 'plugins/',
  'atlassian-jwt': 'lib/testing/',
  undici: 'lib/host/'
}

type Packages = Pick<Manifest, 'dependencies' | 'peerDependencies' | 'devDependencies'>

/** One sentence for each import, and each use of the world, that breaks the architecture. */
export function findViolations(files: ReadonlyMap<string, string>, packages: Packages): string[] {
  return [...files].flatMap(([file, source]) => {
    const imports = importsOf(source)
    // Texts of other programs look like imports and uses of the world.
    if (holdsPrograms.test(file)) {
      const own = imports.filter((specifier) => specifier !== null && /^\.{1,2}\/[\w-]+\.ts$/.test(specifier))
      return own.flatMap((specifier) => judgeImport(file, specifier, packages))
    }
    return [
      ...imports.flatMap((specifier) => judgeImport(file, specifier, packages)),
      ...(file.startsWith('lib/') && !file.startsWith('lib/testing/') ? judgeWorld(file, source) : [])
    ]
  })
}

/** The sources of a new app, as the command writes them. */
const holdsPrograms = /^lib\/cli\/new\/[\w-]+-files\.ts$/

function judgeImport(file: string, specifier: string | null, packages: Packages): string[] {
  const published = /^(?:lib|plugins|client|ace)\//.test(file)
  if (specifier === null) return published ? [`${file} computes the address of an import`] : []
  const verdict = specifier.startsWith('.')
    ? judgeOwnFile(file, resolveImport(file, specifier))
    : judgePackage(file, specifier, packages)
  return verdict === null ? [] : [`${file} imports ${specifier}: ${verdict}`]
}

function judgeOwnFile(file: string, target: string): string | null {
  const from = placeOf(file)
  const to = placeOf(target)
  if (from === 'test' || from === to) return null
  if (from === 'example-app') return 'the example app imports the package, as users do'
  if (to === 'lib/compat') return 'the loose modes are for those who ask for them by name'
  if (to === 'lib/testing' && !simulatorUsers.includes(file))
    return 'only tests, the example app and named commands use the simulator'
  if (to === 'lib/testing') return null
  if (from === 'client' || to === 'client') return 'the client runs in browsers and shares nothing with the backend'
  if (to === 'ace') return 'the old names of ACE are for apps that move, and for nothing of ours'
  if (from === 'ace')
    return target === 'plugins/index.ts' ? null : 'the old names of ACE stand on what every app may use'
  if (from === 'plugins') return to.startsWith('lib/') ? null : 'plugins import only lib'
  if (!to.startsWith('lib/')) return 'lib imports only lib'
  return mayImport[from.slice('lib/'.length)]?.includes(to.slice('lib/'.length)) ? null : `${from} does not know ${to}`
}

function judgePackage(file: string, specifier: string, packages: Packages): string | null {
  const from = placeOf(file)
  if (from === 'client') return 'the client runs in browsers and has no dependency'
  if (specifier.startsWith('node:')) return null
  const name = packageOf(specifier)
  if (name === 'fastify-atlassian')
    return from === 'test' || from === 'example-app' ? null : 'the package does not import itself'
  const runtime = name in packages.dependencies || name in packages.peerDependencies
  if (from === 'test' || from === 'example-app') {
    return runtime || name in packages.devDependencies ? null : 'package.json does not list it'
  }
  if (!runtime) return 'package.json does not list it for users'
  const home = homes[name]
  return home === undefined || [home].flat().some((one) => file.startsWith(one)) ? null : `only ${home} knows it`
}

/** The world reaches the core as arguments; a default argument is where it comes in. */
function judgeWorld(file: string, source: string): string[] {
  const code = withoutComments(source)
  const uses: Record<string, RegExp> = {
    'process.env': /\bprocess\s*\.\s*env\b|\benv\b[^\n]*from 'node:process'/,
    console: /\bconsole\s*\.\s*\w+\s*\(/,
    'the clock': /\bnew Date\(\s*\)|(?<!(?:^|[(,{])\s*\w+(?:\s*:\s*\w+)?\s*=\s*)\bDate\.now\(\)/m
  }
  return Object.entries(uses).flatMap(([name, pattern]) => (pattern.test(code) ? [`${file} reads ${name}`] : []))
}

function placeOf(file: string): string {
  const [top = '', second = '', ...rest] = file.split('/')
  if (top !== 'lib') return top
  if (rest.length > 0) return `lib/${second}`
  if (second === 'index.ts') return 'lib/index'
  return ground.includes(file) ? 'lib/ground' : 'lib/app'
}
