/** Who says what to whom, in order. */
export interface Sequence {
  readonly title: string
  readonly actors: readonly string[]
  /** `[from, to, text]` by the numbers of the actors; the same number twice is a note beside the actor's line. */
  readonly steps: readonly (readonly [from: number, to: number, text: string, more?: string])[]
}

const COLUMN = 290
const ROW = 58
const TOP = 96
const INK = '#172b4d'
const ACCENT = '#0052cc'

/** A sequence as SVG that reads well on light and on dark pages: it brings its own background. */
export function drawSequence({ title, actors, steps }: Sequence): string {
  const width = actors.length * COLUMN + 20
  const height = TOP + steps.length * ROW + 30
  const x = (actor: number) => 10 + COLUMN / 2 + actor * COLUMN
  const lines = actors.flatMap((name, index) => [
    `<line x1="${x(index)}" y1="76" x2="${x(index)}" y2="${height - 14}" stroke="#c1c7d0" stroke-width="2"/>`,
    `<rect x="${x(index) - 90}" y="40" width="180" height="36" rx="6" fill="#deebff" stroke="${ACCENT}"/>`,
    text(x(index), 63, name, { weight: 600, halo: '#deebff' })
  ])
  const arrows = steps.flatMap(([from, to, words, more], index) => {
    const y = TOP + index * ROW + 34
    if (from === to) return note(x(from), y, words, more)
    const tip = to > from ? -9 : 9
    const middle = (x(from) + x(to)) / 2
    return [
      `<line x1="${x(from)}" y1="${y}" x2="${x(to) + tip}" y2="${y}" stroke="${ACCENT}" stroke-width="2"/>`,
      `<path d="M${x(to)},${y} l${tip},-6 v12 z" fill="${ACCENT}"/>`,
      text(middle, y - 8, words),
      ...(more === undefined ? [] : [text(middle, y + 16, more, { fill: '#5e6c84' })])
    ]
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${inXml(title)}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${inXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    text(width / 2, 24, title, { weight: 600 }),
    ...lines,
    ...arrows,
    '</svg>'
  ].join('\n')}\n`
}

function note(x: number, y: number, words: string, more?: string): string[] {
  const height = more === undefined ? 26 : 42
  return [
    `<rect x="${x - 108}" y="${y - 18}" width="216" height="${height}" rx="4" fill="#fffae6" stroke="#ff991f"/>`,
    text(x, y, words, { halo: '#fffae6' }),
    ...(more === undefined ? [] : [text(x, y + 17, more, { halo: '#fffae6' })])
  ]
}

function text(x: number, y: number, words: string, { weight = 400, fill = INK, halo = '#ffffff' } = {}): string {
  return `<text x="${x}" y="${y}" text-anchor="middle" fill="${fill}" font-weight="${weight}" stroke="${halo}" stroke-width="4" paint-order="stroke">${inXml(words)}</text>`
}

function inXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
