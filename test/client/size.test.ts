import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'

const folder = join(import.meta.dirname, '../../client')

t.test('the client is a few kilobytes', async (t) => {
  const code = globSync('*.ts', { cwd: folder }).map((name) =>
    stripTypeScriptTypes(readFileSync(join(folder, name), 'utf8'))
      .replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      .replace(/[ \n]+/g, ' ')
  )
  t.ok(code.length >= 6, 'all files were found')
  const bytes = gzipSync(code.join('')).length
  t.ok(bytes < 4 * 1024, `${bytes} bytes, compressed and without comments`)
})
