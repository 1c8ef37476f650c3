import assert from 'node:assert/strict'
import type { ExchangeKind } from 'fastify-atlassian/testing'
import type { Browser, BrowserContext, Frame, FrameLocator, Page } from 'playwright-core'
import { type SimulatedExample, startWithSimulator } from '../../example-app/with-simulator.ts'

/** The example app beside the simulator, with a clock that can be put forward, and one browser window. */
export interface Stage {
  readonly example: SimulatedExample
  readonly jira: string
  readonly wiki: string
  readonly page: Page
  readonly pictures: string
  /** The frame of the app on the page as it is now. */
  appFrame(): Frame
  /** How many exchanges of this kind there were. */
  exchanges(kind: ExchangeKind): number
  /** The content of a module on the page as it is now. */
  module(key: string): FrameLocator
  picture(name: string): Promise<void>
  putClockForward(minutes: number): void
  /** What the browser complained about since the last call: scripts that failed, and broken content policies. */
  complaints(): string[]
  /** Opens another window; its complaints are ours too. */
  newPage(): Promise<Page>
  close(): Promise<void>
}

export async function openStage(browser: Browser, pictures: string): Promise<Stage> {
  let ahead = 0
  const example = await startWithSimulator({
    port: 0,
    simulatorPort: 0,
    databaseUrl: ':memory:',
    logLevel: 'error',
    clock: () => Date.now() + ahead
  })
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1440, height: 960 } })
  context.setDefaultTimeout(10_000)
  const found: string[] = []
  const newPage = async () => {
    const page = await context.newPage()
    page.on('pageerror', (error) => void found.push(`script: ${error.message}`))
    page.on('console', (message) => {
      // A refused request is an answer that the page deals with; a step that expects one looks at it itself.
      if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return
      found.push(`console: ${message.text()}`)
    })
    return page
  }
  const page = await newPage()
  return {
    example,
    jira: example.host.site('jira').origin,
    wiki: example.host.site('confluence').origin,
    page,
    pictures,
    appFrame() {
      const frame = page.frames().find((each) => each.url().startsWith(example.baseUrl))
      assert.ok(frame, 'the page has a frame of the app')
      return frame
    },
    exchanges: (kind) => example.host.exchanges.filter((exchange) => exchange.kind === kind).length,
    module: (key) => page.frameLocator(`[data-testid="module-${key}"] iframe`),
    picture: async (name) => void (await page.screenshot({ path: `${pictures}/${name}.png`, animations: 'disabled' })),
    putClockForward(minutes) {
      ahead += minutes * 60_000
    },
    complaints: () => found.splice(0),
    newPage,
    async close() {
      await context.close()
      await example.close()
    }
  }
}

/** Adds an item as a person would, and waits until it is there. */
export async function addItem(checklist: FrameLocator, text: string): Promise<void> {
  await checklist.getByLabel('New item').fill(text)
  await checklist.getByRole('button', { name: 'Add', exact: true }).click()
  await checklist.getByRole('checkbox', { name: text }).waitFor()
}

/** Waits until `read` gives `wanted`. */
export async function becomes<Value>(read: () => Promise<Value>, wanted: Value, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs
  let value = await read()
  while (value !== wanted && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    value = await read()
  }
  assert.equal(value, wanted)
}
