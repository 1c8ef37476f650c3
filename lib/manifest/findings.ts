import type { ManifestFinding } from './manifest.ts'

/** Collects what a check found, in its order. */
export class Findings {
  readonly #list: ManifestFinding[] = []

  error(code: string, field: string, message: string): void {
    this.#list.push({ code, severity: 'error', field, message })
  }

  warn(code: string, field: string, message: string): void {
    this.#list.push({ code, severity: 'warning', field, message })
  }

  /** Errors first: the rest waits until Forge takes the manifest at all. */
  toArray(): ManifestFinding[] {
    return this.#list.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  }
}
