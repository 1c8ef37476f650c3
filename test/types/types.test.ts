import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'

const compiler = join(import.meta.dirname, '../../node_modules/typescript/lib/tsc.js')

t.test('what must compile compiles, and what must not does not', async (t) => {
  const child = spawn(process.execPath, [compiler, '--noEmit', '--project', import.meta.dirname])
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  t.equal(`${output}${errors}`, '')
  t.equal(code, 0)
})

t.test('each file holds both sides', async (t) => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  t.strictSame(files.sort(), ['events.ts', 'options.ts', 'requests.ts', 'routes.ts'])
  for (const file of files) {
    const refused = readFileSync(join(import.meta.dirname, file), 'utf8').match(/@ts-expect-error \S/g) ?? []
    t.ok(refused.length >= 8, `${file}: ${refused.length} lines that must not compile, each with its reason`)
  }
})
