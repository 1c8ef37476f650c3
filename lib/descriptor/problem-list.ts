import type { DescriptorProblem } from './descriptor.ts'

/** What is wrong with a value: a stable code, and a message that continues the name of the field. */
export type Fault = readonly [code: string, message: string]

/** Collects findings. A field is judged once: what comes after its first error would only repeat it. */
export class ProblemList {
  readonly #problems: DescriptorProblem[] = []
  readonly #wrongFields = new Set<string>()

  error(field: string, ...[code, message]: Fault): void {
    if (this.#wrongFields.has(field)) return
    this.#wrongFields.add(field)
    this.#problems.push({ field, code, severity: 'error', message })
  }

  warn(field: string, ...[code, message]: Fault): void {
    if (!this.#wrongFields.has(field)) this.#problems.push({ field, code, severity: 'warning', message })
  }

  /** Takes the fault, if there is one, as an error. */
  judge(field: string, fault: Fault | null): void {
    if (fault !== null) this.error(field, ...fault)
  }

  toArray(): DescriptorProblem[] {
    return [...this.#problems]
  }
}
