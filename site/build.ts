import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { checkSite } from './check-site.ts'
import { collectPages } from './collect-pages.ts'
import { mendAnchors } from './mend-anchors.ts'

/**
 * Builds the documents as a static site with search in `site/dist`, with no network: the pages of `docs/`, those of the
 * top level that readers look for, and the reference made of the docstrings.
 */

const site = import.meta.dirname
const root = dirname(site)
const pages = join(site, '.pages')
const programs = createRequire(import.meta.url)

collectPages(root, pages)
run('typedoc', 'bin/typedoc', '--options', join(site, 'typedoc.json'), '--logLevel', 'Warn')
mendAnchors(join(pages, 'reference'))
run('vitepress', 'bin/vitepress.js', 'build', site)

const problems = checkSite(join(site, 'dist'))
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

function run(name: string, file: string, ...args: string[]): void {
  const program = join(dirname(findPackage(name)), file)
  execFileSync(process.execPath, [program, ...args], { cwd: site, stdio: 'inherit' })
}

/** Packages that do not export their own package.json are found by their folder. */
function findPackage(name: string): string {
  const folders = programs.resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      return programs.resolve(join(folder, name, 'package.json'))
    } catch {}
  }
  throw new Error(`${name} is not installed; run npm ci`)
}
