import { glob } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { OptionError } from '../lib/errors.ts'

/**
 * The templates of a folder as partials: `cups/tea.hbs` is `{{> cups/tea}}`. Gives paths below `root`, as
 * `@fastify/view` wants them. A file that is added later is found at the next start.
 */
export async function findPartials(folder: unknown, root: string): Promise<Record<string, string>> {
  if (folder === undefined) return {}
  if (typeof folder !== 'string') throw new OptionError('views.partialsDir', folder, 'it must be the path of a folder')
  const partials: Record<string, string> = {}
  for await (const file of glob('**/*.{hbs,html}', { cwd: folder })) {
    const name = file.slice(0, -extname(file).length).split(sep).join('/')
    partials[name] = relative(root, join(folder, file))
  }
  if (Object.keys(partials).length === 0) {
    throw new OptionError('views.partialsDir', folder, 'there is no template (.hbs or .html) in it')
  }
  return partials
}
