import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** One sentence for each page that a reader without a network, or the search, could not use. */
export function checkSite(folder: string): string[] {
  const pages = globSync('**/*.html', { cwd: folder })
  const index = globSync('assets/chunks/@localSearchIndex*.js', { cwd: folder }).map((file) =>
    readFileSync(join(folder, file), 'utf8')
  )
  return [
    ...(pages.length < 30 ? [`only ${pages.length} pages were built`] : []),
    ...pages.flatMap((page) => checkPage(folder, page)),
    ...pages
      .filter(
        (page) => page !== '404.html' && !index.some((text) => text.includes(`"/${page.replace(/index\.html$/, '')}`))
      )
      .map((page) => `${page} is not in the search index`)
  ]
}

function checkPage(folder: string, page: string): string[] {
  const html = readFileSync(join(folder, page), 'utf8')
  const problems: string[] = []
  for (const [, tag, target = ''] of html.matchAll(/<(script|link|img|iframe)\b[^>]*?\s(?:src|href)="([^"]*)"/g)) {
    if (/^(?:https?:)?\/\//.test(target)) problems.push(`${page} loads ${target} from the network (${tag})`)
    else if (!target.startsWith('data:') && !existsSync(fileOf(folder, page, target)))
      problems.push(`${page} loads ${target}, which does not exist`)
  }
  for (const [, target = ''] of html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path = '', anchor = ''] = target.split('#')
    const file = path === '' ? join(folder, page) : fileOf(folder, page, path)
    const found = existsSync(file) ? readFileSync(file, 'utf8') : null
    if (found === null) problems.push(`${page} links to ${target}, which does not exist`)
    else if (anchor !== '' && !found.includes(` id="${decodeURIComponent(anchor)}"`))
      problems.push(`${page} links to ${target}, and the page has no such heading`)
  }
  return problems
}

function fileOf(folder: string, page: string, target: string): string {
  const path = decodeURIComponent(target.split(/[?#]/)[0] ?? '')
  const file = path.startsWith('/') ? join(folder, path) : join(folder, dirname(page), path)
  return relative(folder, file) === '' || file.endsWith('/') ? join(file, 'index.html') : file
}
