import type { CliWorld } from './world.ts'

/** Ways to mark text for a person; each gives the text back unchanged where colours are not wanted. */
export interface Colours {
  good(text: string): string
  bad(text: string): string
  careful(text: string): string
  faint(text: string): string
  strong(text: string): string
}

/** Colours for a terminal, unless `NO_COLOR` is set or the terminal knows none. */
export function coloursFor({ env, isTerminal = false }: Pick<CliWorld, 'env' | 'isTerminal'>): Colours {
  const wanted = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  const paint = (code: number, end: number) => (text: string) =>
    wanted ? `\u001b[${code}m${text}\u001b[${end}m` : text
  return {
    good: paint(32, 39),
    bad: paint(31, 39),
    careful: paint(33, 39),
    faint: paint(2, 22),
    strong: paint(1, 22)
  }
}
