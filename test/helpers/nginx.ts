import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/**
 * The system's nginx with this template, whose `${NAME}` are filled in, until the test ends. False and a skipped test
 * with the reason when there is no nginx; with REQUIRE_NGINX=1 an error.
 */
export async function startNginx(
  t: Test,
  template: string,
  names: Readonly<Record<string, string>>,
  url: string
): Promise<boolean> {
  const env = { PATH: `${process.env.PATH}:/usr/sbin` }
  if ((await promisify(execFile)('nginx', ['-v'], { env }).catch(() => null)) === null) {
    if (process.env.REQUIRE_NGINX === '1') throw new Error('There is no nginx')
    t.pass('nginx', { skip: 'There is no nginx on this machine' })
    return false
  }
  const directory = await mkdtemp(join(tmpdir(), 'atl-nginx-'))
  const site = (await readFile(template, 'utf8')).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = names[name]
    if (value === undefined) throw new Error(`The template wants ${name}`)
    return value
  })
  await writeFile(join(directory, 'site.conf'), site)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  await writeFile(
    join(directory, 'nginx.conf'),
    `daemon off; master_process off; error_log stderr warn; pid ${directory}/pid; events {} http { access_log off;
      ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')} include ${directory}/site.conf; }`
  )
  // nginx ends when our end of standard input closes, so also when we are killed.
  const server = spawn(
    'sh',
    [
      '-c',
      '"$@" & server=$!; cat > /dev/null; kill $server; wait $server',
      'sh',
      'nginx',
      '-c',
      join(directory, 'nginx.conf')
    ],
    {
      env,
      stdio: ['pipe', 'ignore', 'pipe']
    }
  )
  let log = ''
  server.stderr.on('data', (chunk) => {
    log += chunk
  })
  t.teardown(async () => {
    const ended = once(server, 'exit')
    server.stdin.end()
    await ended
    await rm(directory, { recursive: true, force: true })
  })
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(url).then(
        (answer) => answer.body?.cancel().then(() => true),
        () => false
      )
    )
      return true
    await wait(25)
  }
  throw new Error(`nginx did not start: ${log.slice(-500)}`)
}
