import type { Page } from 'playwright-core'

/** Prints one line for each check, and a picture of the page where one fails. */
export interface Report {
  check(name: string, page: Page, work: () => Promise<void>): Promise<void>
  /** Prints the sums and says whether all went well. */
  finish(): boolean
}

export function createReport(pictures: string): Report {
  let passed = 0
  let failed = 0
  return {
    async check(name, page, work) {
      const start = performance.now()
      try {
        await work()
        passed++
        console.log(`ok ${passed + failed} - ${name} # ${Math.round(performance.now() - start)} ms`)
      } catch (error) {
        failed++
        const why = error instanceof Error ? error.message : String(error)
        console.log(`not ok ${passed + failed} - ${name}\n${why.replace(/^/gm, '    ')}`)
        await page.screenshot({ path: `${pictures}/failed-${passed + failed}.png` }).catch(() => {})
      }
    },
    finish() {
      console.log(`\n${passed} passed, ${failed} failed`)
      return failed === 0 && passed > 0
    }
  }
}
