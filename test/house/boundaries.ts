import { importsOf, packageOf, resolveImport, withoutComments } from './imports.ts'
import type { Manifest } from './source-files.ts'

/** What each part of `lib` may import beside itself. Nothing else, so no import runs upward. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  encryption: ['ground'],
  tenant: ['ground'],
  jwt: ['ground', 'tenant'],
  delivery: ['ground', 'tenant'],
  store: ['ground', 'encryption', 'tenant'],
  host: ['ground', 'tenant', 'jwt'],
  authorize: ['ground', 'tenant', 'jwt', 'host'],
  forge: ['ground', 'tenant', 'jwt', 'host'],
  webhook: ['ground', 'tenant', 'jwt'],
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
    'descriptor',
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
    'delivery',
    'host',
    'forge',
    'authorize',
    'webhook',
    'descriptor',
    'manifest',
    'app',
    'frame'
  ],
  'import-ace': ['ground', 'tenant', 'jwt', 'store', 'app'],
  // It knows the options and the addresses of Atlassian, and reads no file and no variable by itself.
  config: ['ground', 'jwt', 'host', 'forge', 'app'],
  cli: ['ground', 'encryption', 'tenant', 'store', 'import-ace', 'descriptor', 'manifest', 'config'],
  testing: ['ground', 'tenant', 'jwt', 'host', 'webhook', 'descriptor']
}

const ground = ['errors', 'secret', 'ports', 'bounded-map', 'version', 'within'].map((name) => `lib/${name}.ts`)

/** Packages that only one place knows. */
const homes: Readonly<Record<string, string>> = {
  kysely: 'lib/store/',
  pg: 'lib/store/',
  mysql2: 'lib/store/',
  redis: 'lib/store/',
  'better-sqlite3': 'lib/store/',
  fastify: 'plugins/',
  'fastify-plugin': 'plugins/',
  '@fastify/view': 'plugins/',
  handlebars: 'plugins/',
  'atlassian-jwt': 'lib/testing/',
  undici: 'lib/host/'
}

type Packages = Pick<Manifest, 'dependencies' | 'peerDependencies' | 'devDependencies'>

/** One sentence for each import, and each use of the world, that breaks the architecture. */
export function findViolations(files: ReadonlyMap<string, string>, packages: Packages): string[] {
  return [...files].flatMap(([file, source]) => [
    ...importsOf(source).flatMap((specifier) => judgeImport(file, specifier, packages)),
    ...(file.startsWith('lib/') && !file.startsWith('lib/testing/') ? judgeWorld(file, source) : [])
  ])
}

function judgeImport(file: string, specifier: string | null, packages: Packages): string[] {
  const published = /^(?:lib|plugins|client)\//.test(file)
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
  if (to === 'lib/testing') return 'only tests and the example app use the simulator'
  if (from === 'client' || to === 'client') return 'the client runs in browsers and shares nothing with the backend'
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
  return home === undefined || file.startsWith(home) ? null : `only ${home} knows it`
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
