/** The known name that was probably meant, or `null`. */
export function suggest(typed: string, known: readonly string[]): string | null {
  const wanted = typed.toLowerCase()
  const ranked = known
    .map((name) => ({ name, distance: name.startsWith(wanted) && wanted.length > 2 ? 1 : distanceOf(wanted, name) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(typed.length / 3)) ? best.name : null
}

/** How many letters have to be added, taken away, changed or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  // What is this long is no name; the table below would only cost time.
  if (a.length > 40) return a.length
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    rows.push(line)
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY
      )
    }
  }
  return at(a.length, b.length)
}
