import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkDescriptor, checkManifest } from 'fastify-atlassian/core'
import { parseManifest } from 'fastify-atlassian/testing'
import t from 'tap'
import { main } from '../../lib/cli/main.ts'

const root = join(import.meta.dirname, '../..')
// Inside of the repository, so that its packages are found, and ignored by git.
const folder = join(root, '.tap/new')

const choices = ['jira', 'confluence'].flatMap((product) =>
  ['connect', 'connect-on-forge', 'forge'].flatMap((platform) =>
    ['sqlite', 'postgres'].flatMap((database) =>
      ['front-end', 'no-front-end'].map((frontEnd) => ({ product, platform, database, frontEnd }))
    )
  )
)

/** Runs `new` and gives its exit code and what it said. */
async function make(...argv: string[]) {
  let out = ''
  let err = ''
  const world = {
    env: {},
    cwd: folder,
    out(text: string) {
      out += text
    },
    err(text: string) {
      err += text
    }
  }
  return { code: await main(['new', ...argv], world), out, err }
}

t.test('each kind of new app', async (t) => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules/fastify-atlassian'))
  const apps = choices.map((choice) => ({ ...choice, dir: Object.values(choice).join('-') }))
  for (const { product, platform, database, frontEnd, dir } of apps) {
    const made = await make(dir, '--product', product, '--platform', platform, '--database', database, `--${frontEnd}`)
    t.equal(made.code, 0, `${dir} ${made.err}`)
    const read = (file: string) => readFileSync(join(folder, dir, file), 'utf8')
    if (platform !== 'forge')
      t.same(
        checkDescriptor(
          JSON.parse(read('atlassian-connect.json').replace('{{localBaseUrl}}', 'https://app.example.com'))
        ),
        [],
        dir
      )
    if (platform === 'connect') continue
    const findings = checkManifest(parseManifest(read('manifest.yml'))).filter(
      ({ code }) => code !== 'app-id-placeholder'
    )
    t.same(findings, [], dir)
  }

  t.test('has the right types', async (t) => {
    const config = { extends: `./${apps[0]?.dir}/tsconfig.json`, include: ['*/src', '*/test'] }
    Object.assign(config, { compilerOptions: { customConditions: ['fastify-atlassian-source'] } })
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error) => error)
    t.same(
      stdout.split('\n').filter((line: string) => line.startsWith('.tap/new') || /^[a-z-]+\//.test(line)),
      []
    )
  })

  t.test('passes its own tests', async (t) => {
    for (const { dir, database } of apps) {
      if (database === 'postgres') continue
      const { code = 0, stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=fastify-atlassian-source', '--test', 'test/**/*.test.ts'],
        {
          cwd: join(folder, dir),
          env: { PATH: process.env.PATH, NODE_OPTIONS: '--conditions=fastify-atlassian-source' }
        }
      ).catch((error) => error)
      t.equal(code, 0, `${dir}\n${code === 0 ? '' : stdout}`)
      t.match(stdout, /pass [1-9]/)
    }
  })
})
