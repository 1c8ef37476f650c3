import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** Scripts, style and icon, for anybody. A bigger app would register `@fastify/static` in a scope like this one. */
export async function publicRoutes(app: FastifyInstance): Promise<void> {
  app.atlassian.publicScope(app)

  const folder = join(import.meta.dirname, '../public')
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name))
    const type = types[extname(name)] ?? 'application/octet-stream'
    app.get(`/public/${name}`, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'public, max-age=300')
        .header('x-content-type-options', 'nosniff')
        .send(content)
    )
  }
}
