import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Chapter {
  readonly text: string
  readonly items: { readonly text: string; readonly link: string }[]
}

const reference: Chapter = {
  text: 'Reference',
  items: [
    { text: 'All exports', link: '/reference/' },
    { text: 'Changes', link: '/changelog' },
    { text: 'Upgrading', link: '/upgrading' }
  ]
}

/** The sidebar, read from the list that readers of the plain files have: docs/README.md. */
export const chapters: readonly Chapter[] = [
  ...readChapters(readFileSync(join(import.meta.dirname, '../docs/README.md'), 'utf8')),
  reference
]

function readChapters(text: string): Chapter[] {
  const found: Chapter[] = []
  for (const line of text.split('\n')) {
    const [, title] = /^## (.+)$/.exec(line) ?? []
    if (title !== undefined) found.push({ text: title, items: [] })
    const [, name, page] = /^- \[(.+?)\]\((.+?)\.md\)/.exec(line) ?? []
    if (name !== undefined && page !== undefined) found.at(-1)?.items.push({ text: name, link: `/${page}` })
  }
  return found
}
