import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

const folder = join(import.meta.dirname, 'custom-ui')

const PATH = '/custom-ui/checklist'

/** Where the simulated Forge finds the front end of a module, by the module's key. */
export const frontEnds = { 'checklist-panel': PATH, 'page-checklist': PATH } as const

/**
 * What Atlassian does in life: serves the files of `resources` in the manifest, the same for everybody. A bundler would
 * have put the bridge and the client into them; here the page says where they are.
 */
export function serveCustomUi(app: FastifyInstance, hostUrl: string): void {
  app.get(PATH, app.atlassian.protect('none'), async (_request, reply) => {
    const page = await readFile(join(folder, 'index.html'), 'utf8')
    return reply.type('text/html; charset=utf-8').send(page.replaceAll('{{host}}', hostUrl))
  })
}
