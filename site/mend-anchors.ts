import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The generator numbers some headings that stand alone. Links to a numbered heading that is not there lose the number. */
export function mendAnchors(folder: string): void {
  for (const file of globSync('**/*.md', { cwd: folder })) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    const headings = [...text.matchAll(/^#+ (\w+)/gm)].map(([, name = '']) => name.toLowerCase())
    const mended = text.replace(/#([a-z0-9_]+)-(\d+)\)/g, (link, name: string, number: string) =>
      headings.filter((heading) => heading === name).length > Number(number) ? link : `#${name})`
    )
    writeFileSync(path, mended)
  }
}
