import { createInterface } from 'node:readline'

/** Questions for a person at a terminal. */
export interface Questions {
  /** Asks until the answer is one of the names, or the start of just one; nothing means `standard`. */
  pick<Name extends string>(question: string, names: readonly Name[], standard: Name): Promise<Name>
  close(): void
}

/** Lines that were typed before their question was asked count too. `pick` rejects when the input ends. */
export function createQuestions(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Questions {
  const reader = createInterface({ input, output })
  const lines = reader[Symbol.asyncIterator]()
  return {
    async pick(question, names, standard) {
      for (;;) {
        reader.setPrompt(`${question} (${names.join(', ')}) [${standard}] `)
        reader.prompt()
        const line = await lines.next()
        if (line.done) throw new Error('Not every question was answered, so nothing was made.')
        const text = line.value.trim().toLowerCase()
        if (text === '') return standard
        const meant = names.filter((name) => name.startsWith(text))
        const found = names.find((name) => name === text) ?? (meant.length === 1 ? meant[0] : undefined)
        if (found !== undefined) return found
        output.write(`Please answer ${names.join(', ')}.\n`)
      }
    },
    close: () => reader.close()
  }
}
