import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawSequence } from './sequence-picture.ts'
import { sequences } from './sequences.ts'

// Writes docs/pictures/*.svg anew.
const folder = join(import.meta.dirname, '../docs/pictures')
mkdirSync(folder, { recursive: true })
for (const [name, sequence] of Object.entries(sequences)) {
  writeFileSync(join(folder, `${name}.svg`), drawSequence(sequence))
}
