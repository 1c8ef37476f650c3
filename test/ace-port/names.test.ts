import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { hasAce } from '../import-ace/real-ace.ts'
import { declaredNames } from './declared-names.ts'

const root = join(import.meta.dirname, '../..')
const aceFolder = join(root, 'test/ace/node_modules/atlassian-connect-express')

/** Everything in code style in the first column of the tables of the document. */
function namesOfDocument(): ReadonlySet<string> {
  const text = readFileSync(join(root, 'docs/from-ace.md'), 'utf8')
  const cells = [...text.matchAll(/^\| (.*?) \|/gm)].map(([, cell = '']) => cell)
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)))
}

function missingIn(names: ReadonlySet<string>, wanted: Iterable<string>): string[] {
  return [...new Set(wanted)].filter((name) => !names.has(name)).sort()
}

function found(source: string, ...patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = '']) => name))
}

t.test('names of declarations are read with what has them', async (t) => {
  const source = [
    'declare namespace Cups {',
    '  export interface Cup {',
    '    /** not: a name */',
    '    fill(tea: string): void;',
    '    handle: { size: number };',
    '    saucer?: {',
    '      colour: string;',
    '    };',
    '    wash(): {',
    '      clean: boolean;',
    '    };',
    '  }',
    '  export type Tea = { leaves: number }',
    '  export const shelf: {',
    '    add(',
    '      cup: Cup',
    '    ): void;',
    '  }',
    '}',
    'declare function Cups(): Cups.Cup;'
  ].join('\n')
  t.same(declaredNames(source), [
    'Cup',
    'Cup.fill',
    'Cup.handle',
    'Cup.saucer',
    'Cup.saucer.colour',
    'Cup.wash',
    'Cups',
    'Tea',
    'shelf',
    'shelf.add'
  ])
})

if (hasAce(t)) {
  const documented = namesOfDocument()
  const sources = globSync('lib/**/*.js', { cwd: aceFolder }).map((path) => readFileSync(join(aceFolder, path), 'utf8'))
  const code = sources.join('\n')

  t.test('every public name of the declarations of ACE has a row in docs/from-ace.md', async (t) => {
    const declared = declaredNames(readFileSync(join(aceFolder, 'types/index.d.ts'), 'utf8'))
    t.ok(declared.length > 130, `${declared.length} names`)
    for (const name of [
      'AddOn.authenticate',
      'HostClient.del',
      'KVStore.get',
      'ConfigOptions.jwt.validityInMinutes',
      'store.register'
    ]) {
      t.ok(declared.includes(name), name)
    }
    t.same(missingIn(documented, declared), [])
    t.same(missingIn(documented, [...declared, 'AddOn.notThere']), ['AddOn.notThere'], 'a name without a row is found')
  })

  t.test('so have its events, methods, switches, variables of the environment and stores', async (t) => {
    const emitted = found(code, /\bemit\("(\w+)"/g)
    t.equal(new Set(emitted).size, 7)
    t.same(missingIn(documented, emitted), [])

    const methods = found(
      readFileSync(join(aceFolder, 'lib/index.js'), 'utf8'),
      /^ {2}(?:async )?([a-z]\w+)\(.*\) \{$/gm
    )
    const bare = new Set(
      [...documented].map(
        (name) =>
          name
            .replace(/ \(not declared\)$/, '')
            .split('.')
            .at(-1) ?? ''
      )
    )
    t.same(
      missingIn(
        bare,
        methods.filter((name) => name !== 'constructor')
      ),
      []
    )

    t.same(missingIn(documented, found(code, /\/([\w-]+)\/\.test\(process\.env\.AC_OPTS\)/g)), [])
    const environment = found(
      code,
      /process\.env\.([A-Z_]+)/g,
      /process\.env\["([A-Z_]+)"\]/g,
      /\benv\.([A-Z_]+)/g,
      /get\(modeValues, "\w+", "([A-Z_]+)"/g
    )
    t.ok(environment.length > 15)
    t.same(missingIn(documented, environment), [])

    const settings = found(readFileSync(join(aceFolder, 'lib/internal/config.js'), 'utf8'), /^ {4}(\w+)\(\w*\) \{$/gm)
    t.ok(settings.length > 15)
    t.same(missingIn(bare, settings), [])

    const stores = globSync('*.js', { cwd: join(aceFolder, 'lib/store') }).map((path) => basename(path, '.js'))
    t.same(
      missingIn(
        documented,
        stores.filter((name) => name !== 'index' && name !== 'utils')
      ),
      []
    )
  })

  t.test('so have the variables of templates', async (t) => {
    const request = readFileSync(join(aceFolder, 'lib/middleware/request.js'), 'utf8')
    const block = /const params = \{([\s\S]*?)\n {4}\};/.exec(request)?.[1] ?? ''
    const variables = [...found(request, /\bparams\.(\w+) =/g), ...found(block, /^\s*(\w+):/gm)]
    t.ok(variables.length > 12)
    t.same(missingIn(documented, variables), [])
  })
}
