import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** Scripts, style and icon, for anybody. A bigger app would register `@fastify/static` in a scope like this one. */
export async function publicRoutes(app: FastifyInstance): Promise<void> {
  app.atlassian.publicScope(app)

  // For proxies and orchestrators: this node takes requests.
  app.get('/health', async () => ({ ok: true }))

  const folder = join(import.meta.dirname, '../public')
  for (const name of await readdir(folder)) {
    serve(name, types[extname(name)] ?? 'application/octet-stream', await readFile(join(folder, name)))
  }
  for (const [name, code] of await clientFiles()) serve(`client/${name}`, types['.js'] ?? '', code)

  function serve(name: string, type: string, content: Buffer | string): void {
    app.get(`/public/${name}`, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'public, max-age=300')
        .header('x-content-type-options', 'nosniff')
        .send(content)
    )
  }
}

/** The package's client for front ends. Inside its repository it is TypeScript still; an app finds JavaScript. */
async function clientFiles(): Promise<[name: string, code: string][]> {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('fastify-atlassian/client')))
  const names = (await readdir(folder)).filter(
    (name) => ['.js', '.ts'].includes(extname(name)) && !name.endsWith('.d.ts')
  )
  return await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const code = await readFile(join(folder, name), 'utf8')
      if (extname(name) === '.js') return [name, code]
      return [`${basename(name, '.ts')}.js`, stripTypeScriptTypes(code).replaceAll(".ts'", ".js'")]
    })
  )
}
