import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Documents of the top level that have a page on the site; README is replaced by the site's own front page. */
const topLevel = ['CHANGELOG.md', 'UPGRADING.md', 'SECURITY.md'] as const

/** Copies every document to `to`, as it is but for links that leave `docs/`. */
export function collectPages(root: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(join(root, 'docs'), { withFileTypes: true })) {
    const from = join(root, 'docs', entry.name)
    if (entry.isDirectory()) cpSync(from, join(to, entry.name), { recursive: true })
    else write(to, entry.name === 'README.md' ? 'index.md' : entry.name, readFileSync(from, 'utf8'))
  }
  for (const name of topLevel) write(to, pageOf(name), readFileSync(join(root, name), 'utf8'))
  write(to, 'example-app.md', readFileSync(join(root, 'example-app/README.md'), 'utf8'))
  write(to, 'first-ten-minutes.md', readFileSync(join(root, 'README.md'), 'utf8'))
}

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), inSite(text))
}

/** Links as they have to be where all pages lie side by side. */
function inSite(text: string): string {
  return text.replace(/\]\(([^)\s]+)\)/g, (link, target: string) => {
    if (/^[a-z]+:/.test(target) || target.startsWith('#')) return link
    const [, path = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(target) ?? []
    return `](${pageOf(path)}${anchor})`
  })
}

function pageOf(path: string): string {
  const plain = path.replace(/^(?:\.\.?\/)+/, '').replace(/^docs\//, '')
  if (plain === 'README.md') return path.startsWith('.') ? './first-ten-minutes.md' : './index.md'
  if (plain === 'LICENSE') return 'https://www.apache.org/licenses/LICENSE-2.0'
  if (plain.startsWith('example-app')) return './example-app.md'
  return topLevel.some((name) => name === plain) ? `./${plain.toLowerCase()}` : `./${plain}`
}
