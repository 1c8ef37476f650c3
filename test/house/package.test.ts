import t from 'tap'
import { parse } from 'yaml'
import { undocumented } from './exported-names.ts'
import { has, manifest, read, sources, trackedFiles } from './source-files.ts'

const source = 'fastify-atlassian-source'
const subpaths = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object')

t.test('every subpath leads from its source to what the build makes of it', async (t) => {
  t.match(Object.keys(manifest.exports), ['.', './core', './store', './testing'])
  for (const [subpath, target] of subpaths) {
    if (typeof target === 'string') continue
    const path = target[source]?.replace(/^\.\//, '') ?? ''
    t.ok(has(path), `${subpath} has a source`)
    const built = `./dist/${path.replace(/\.ts$/, '')}`
    t.same(target, { [source]: `./${path}`, types: `${built}.d.ts`, default: `${built}.js` }, subpath)
    t.same(Object.keys(target).at(-1), 'default', `${subpath} ends with the default`)
  }
  const main = manifest.exports['.']
  if (typeof main === 'object') t.same([manifest.main, manifest.types], [main.default, main.types])
})

t.test('every exported name has a docstring', async (t) => {
  for (const [subpath, target] of subpaths) {
    if (typeof target === 'string') continue
    t.same(undocumented(target[source]?.replace(/^\.\//, '') ?? ''), [], subpath)
  }
})

t.test('names are exported by hand', async (t) => {
  for (const [path, text] of sources('lib', 'plugins', 'client', 'ace')) t.notMatch(text, /^export \*/m, path)
})

t.test('the version is told the same everywhere', async (t) => {
  t.match(read('lib/version.ts'), `'${manifest.version}'`)
})

t.test('the build takes what the package publishes', async (t) => {
  const config: { include: string[] } = JSON.parse(read('tsconfig.build.json'))
  t.same(config.include, ['lib', 'plugins', 'client', 'ace'])
  for (const path of manifest.files) if (path !== 'dist') t.ok(has(path), path)
})

t.test('every peer but Fastify is optional and tested here', async (t) => {
  for (const name of Object.keys(manifest.peerDependencies)) {
    t.equal(manifest.peerDependenciesMeta[name]?.optional ?? false, name !== 'fastify', name)
    t.ok(name in manifest.devDependencies, `${name} is installed for the tests`)
  }
  for (const name of Object.keys(manifest.peerDependenciesMeta)) t.ok(name in manifest.peerDependencies, name)
})

t.test('npm may run the install scripts that the tests need', async (t) => {
  const { allowScripts, devDependencies }: { allowScripts: Record<string, boolean>; devDependencies: object } =
    JSON.parse(read('package.json'))
  t.ok('node' in devDependencies && allowScripts.node === true, 'the Node of the npm scripts')
  const lock: { packages: Record<string, { hasInstallScript?: boolean }> } = JSON.parse(read('package-lock.json'))
  const installers = Object.keys(lock.packages).filter((path) => lock.packages[path]?.hasInstallScript)
  for (const path of installers)
    t.ok(path.replace(/^.*node_modules\//, '') in allowScripts, `${path} is allowed or denied`)
})

t.test('lock files name no registry', async (t) => {
  for (const path of trackedFiles().filter((path) => path.endsWith('package-lock.json'))) {
    t.notMatch(read(path), /"resolved": "https?:/, path)
  }
})

t.test('docker compose starts the database that the README connects to', async (t) => {
  const { postgres } = parse(read('docker-compose.yml')).services
  const lines = [...read('README.md').matchAll(/DATABASE_URL=(\S+) npm start/g)]
  t.equal(lines.length, 1, 'the README has one such line')
  const address = new URL(lines[0]?.[1] ?? 'missing:')
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment
  t.same(
    [address.protocol, address.username, address.password, address.pathname],
    ['postgres:', POSTGRES_USER, POSTGRES_PASSWORD, `/${POSTGRES_DB}`]
  )
  t.same(postgres.ports, [`${address.hostname}:${address.port}:5432`], 'it listens on the loopback interface alone')
  t.match(postgres.image, /^postgres:\d+/, 'its version is pinned')
  t.match(postgres.healthcheck.test.join(' '), `pg_isready --username=${POSTGRES_USER} --dbname=${POSTGRES_DB}`)
  const [volume] = postgres.volumes[0].split(':')
  t.ok(volume in parse(read('docker-compose.yml')).volumes, 'its data lives in a named volume')
})
