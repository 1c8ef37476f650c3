import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A recorded webhook may be as large as an app takes one by default, and comes inside of JSON. */
const BODY_LIMIT = 8 * 1024 * 1024

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml'
}

/** A problem that the person at the page has to read. */
export class PageError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  })
  response.end(JSON.stringify(value))
}

export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'cache-control': 'no-store' })
  response.end()
}

/** One of our plain files; 404 for every name that is not one. Names are letters and dashes, so no path can be built. */
export async function sendAsset(response: ServerResponse, name: string): Promise<void> {
  const extension = /^[a-z-]+\.(js|css|svg)$/.exec(name)?.[1]
  const file =
    extension === undefined ? null : await readFile(new URL(`./assets/${name}`, import.meta.url)).catch(() => null)
  if (extension === undefined || file === null) {
    sendJson(response, 404, { message: 'there is no such file' })
    return
  }
  response.writeHead(200, {
    'content-type': types[extension] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff'
  })
  response.end(file)
}

/**
 * The shell with the view inside it. Scripts need the nonce of this answer; frames may be of any origin, because the
 * app's address is chosen while the page is open. Frames learn our origin (no path) from the referrer.
 */
export async function sendShell(response: ServerResponse, status: number, title: string, view: unknown): Promise<void> {
  const nonce = randomBytes(16).toString('base64')
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    'frame-src http: https:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')
  const template = await readFile(new URL('./assets/page.html', import.meta.url), 'utf8')
  const values: Readonly<Record<string, string>> = {
    nonce,
    title: escapeHtml(title),
    view: escapeHtml(JSON.stringify(view))
  }
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'origin',
    'x-content-type-options': 'nosniff'
  })
  response.end(template.replace(/\{\{(\w+)\}\}/g, (_match, name: string) => values[name] ?? ''))
}

/** The JSON object in a request's body. Throws `PageError` for anything else. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    size += part.length
    if (size > BODY_LIMIT) throw new PageError(413, 'the request is too large')
    chunks.push(part)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Falls through to the same answer.
  }
  throw new PageError(400, 'the request is not a JSON object')
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
