import { readFile, realpath } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PageError } from './respond.ts'

const CLIENT = '/ui/@client/'
const clientFolder = fileURLToPath(new URL('../../../client/', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png'
}

/** What a bundler would have put into the files: where browsers find the two packages that a front end imports. */
const importMap = `<script type="importmap">${JSON.stringify({
  imports: { '@forge/bridge': '/forge-bridge.js', 'fastify-atlassian/client': `${CLIENT}index.js` }
})}</script>`

/**
 * A file of a Forge front end, as Atlassian serves the `resources` of a manifest: `/ui/<key of the resource>/<path>`.
 * 404 for everything outside of the folder.
 */
export async function sendFrontEnd(
  resources: Readonly<Record<string, string>>,
  pathname: string,
  response: ServerResponse
): Promise<void> {
  const [, , key = '', ...rest] = pathname.split('/').map(decoded)
  const file = pathname.startsWith(CLIENT)
    ? await readClient(rest.join('/'))
    : await readInside(Object.hasOwn(resources, key) ? resources[key] : undefined, rest)
  const type = types[extname(rest.at(-1) ?? '')]
  if (file === null || type === undefined) throw new PageError(404, 'there is no such file of a front end')
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(type.startsWith('text/html') ? withImportMap(file.toString('utf8')) : file)
}

function withImportMap(html: string): string {
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + importMap) : importMap + html
}

/** The client as browsers take it. Inside of its own repository it is TypeScript still. */
async function readClient(name: string): Promise<Buffer | null> {
  if (!/^[a-z-]+\.js$/.test(name)) return null
  const built = await readFile(join(clientFolder, name)).catch(() => null)
  if (built !== null) return built
  const source = await readFile(join(clientFolder, name.replace(/\.js$/, '.ts')), 'utf8').catch(() => null)
  return source === null ? null : Buffer.from(stripTypeScriptTypes(source).replaceAll(".ts'", ".js'"))
}

/** A file that really lies in the folder, links followed. */
async function readInside(folder: string | undefined, path: readonly string[]): Promise<Buffer | null> {
  if (folder === undefined || path.some((part) => part === '..' || part.includes('\0'))) return null
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, ...path))
    return file.startsWith(root + sep) ? await readFile(file) : null
  } catch {
    return null
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
