import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from './chromium.ts'
import { addItem, openStage } from './stage.ts'

// Takes the pictures of the simulated host in docs/pictures anew.

const folder = join(import.meta.dirname, '../../docs/pictures')
await mkdir(folder, { recursive: true })
const browser = await launchChromium()
const stage = await openStage(browser, folder)
try {
  const { page, jira, module } = stage
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.goto(`${jira}/browse/TEA-1`)
  const panel = module('issue-checklist')
  for (const item of ['Boil the water', 'Warm the pot', 'Count to sixty']) await addItem(panel, item)
  await panel.getByRole('checkbox', { name: 'Boil the water' }).check()
  await panel.getByText('1 of 3 done').waitFor()
  await stage.picture('simulator-connect')
  for (const to of ['connect-on-forge', 'forge']) {
    await page.getByTestId(`platform-${to}`).click()
    await page.locator(`[data-testid="platform-${to}"][aria-pressed="true"]`).waitFor()
  }
  await module('checklist-panel').getByText('1 of 3 done').waitFor()
  await stage.picture('simulator-forge')
} finally {
  await stage.close()
  await browser.close()
}
