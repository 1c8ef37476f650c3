import t from 'tap'
import { findViolations } from './boundaries.ts'
import { importsOf } from './imports.ts'
import { manifest, sources } from './source-files.ts'

const packages = {
  dependencies: { jose: '*', kysely: '*' },
  peerDependencies: { fastify: '*' },
  devDependencies: { tap: '*' }
}

/** Kept in pieces, so that a reader of import lines does not take these for our own. */
const line = (specifier: string) => ['import { x } from', `'${specifier}'`].join(' ')
const lazy = (specifier: string) => ['const x = await import', `('${specifier}')`].join('')

t.test('no import runs upward', async (t) => {
  const files = sources('lib', 'plugins', 'client', 'ace', 'example-app', 'test')
  t.ok(files.size > 50, 'the files were found')
  t.same(findViolations(files, manifest), [])
})

t.test('a file that breaks the architecture is found', async (t) => {
  const broken: Record<string, [file: string, source: string]> = {
    'the tenant knows tokens': ['lib/tenant/tenant.ts', line('../jwt/claims.ts')],
    'the ground knows a tenant': ['lib/errors.ts', line('./tenant/tenant.ts')],
    'a store knows the host client': ['lib/store/schema.ts', line('../host/host-client.ts')],
    'the core knows plugins': ['lib/connect-app.ts', line('../plugins/index.ts')],
    'the core is lazy about it': ['lib/connect-app.ts', lazy('../plugins/index.ts')],
    'the core uses the simulator': ['lib/connect-app.ts', line('./testing/index.ts')],
    'a plugin uses the simulator': ['plugins/index.ts', line('../lib/testing/index.ts')],
    'a plugin uses the loose modes': ['plugins/authenticate.ts', line('../lib/compat/index.ts')],
    'a plugin is lazy about them': ['plugins/lifecycle.ts', lazy('../lib/compat/verify-installation.ts')],
    'the core uses the loose modes': ['lib/connect-app.ts', line('./compat/index.ts')],
    'the index passes them on': ['lib/index.ts', line('./compat/index.ts')],
    'Bitbucket uses the loose modes': ['lib/bitbucket/installs.ts', line('../compat/index.ts')],
    'the core knows Fastify': ['lib/jwt/claims.ts', line('fastify')],
    'the core knows a database': ['lib/host/host-client.ts', lazy('kysely')],
    'a plugin knows a database': ['plugins/tenants.ts', line('kysely/migration')],
    'the core knows its index': ['lib/connect-app.ts', line('./index.ts')],
    'a package nobody listed': ['lib/jwt/claims.ts', line('left-pad')],
    'a package for developers only': ['plugins/index.ts', line('tap')],
    'the example reaches inside': ['example-app/app.ts', line('../lib/errors.ts')],
    'the core reads the environment': ['lib/options.ts', 'export const x = process.env.HOME'],
    'the core reads the clock': ['lib/jwt/claims.ts', 'function f() {\n  const now = Date.now()\n  return now\n}'],
    'the core reads the date': ['lib/jwt/claims.ts', 'const today = new Date()'],
    'the core prints': ['lib/jwt/claims.ts', "console.log('here')"],
    'the client uses Node': ['client/client.ts', line('node:crypto')],
    'the client uses a package': ['client/client.ts', line('jose')],
    'the client knows the core': ['client/client.ts', line('../lib/errors.ts')],
    'the core knows the client': ['lib/errors.ts', line('../client/index.ts')],
    'the old names know the core': ['ace/ace.ts', line('../lib/errors.ts')],
    'the old names reach inside a plugin': ['ace/ace.ts', line('../plugins/route-policy.ts')],
    'a plugin knows the old names': ['plugins/connect.ts', line('../ace/index.ts')],
    'an import nobody can read': ['lib/jwt/claims.ts', ['await import', '(name)'].join('')]
  }
  for (const [name, [file, source]] of Object.entries(broken)) {
    t.equal(findViolations(new Map([[file, source]]), packages).length, 1, name)
  }
})

t.test('a file that keeps the architecture is left alone', async (t) => {
  const kept: Record<string, [file: string, source: string]> = {
    'down one step': ['lib/jwt/claims.ts', line('../tenant/tenant.ts')],
    'its own neighbour': ['lib/jwt/claims.ts', line('./policy.ts')],
    'a listed package': ['lib/jwt/install-keys.ts', line('jose')],
    'a database in the store': ['lib/store/database.ts', lazy('kysely')],
    'Fastify in a plugin': ['plugins/index.ts', line('fastify')],
    'the old names on the plugin': ['ace/ace.ts', line('../plugins/index.ts')],
    'the package in the example': ['example-app/app.ts', line('fastify-atlassian/testing')],
    'the clock as a default': ['lib/jwt/claims.ts', 'export function f(now = Date.now()): number {\n  return now\n}'],
    'a comment about the clock': ['lib/ports.ts', '/** As `Date.now()`. */\n// process.env is not read here']
  }
  for (const [name, [file, source]] of Object.entries(kept)) {
    t.same(findViolations(new Map([[file, source]]), packages), [], name)
  }
})

t.test('every way to import is read', async (t) => {
  const ways = [
    line('a'),
    ['import', "'a'"].join(' '),
    ['export { x } from', "'a'"].join(' '),
    ['export type {\n  X,\n  Y\n} from', "'a'"].join(' '),
    ['import x, * as y from', '"a"'].join(' '),
    lazy('a'),
    ['type X = import(', "'a').X"].join(''),
    ['const x = require(', "'a')"].join('')
  ]
  for (const way of ways) t.same(importsOf(way), ['a'], way)
})
