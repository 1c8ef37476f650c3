import assert from 'node:assert/strict'
import type { Report } from '../report.ts'
import { addItem, type Stage } from '../stage.ts'
import { seriousFaults } from './accessibility.ts'

/** The example app on its way from Connect to Forge. Comes last: it leaves the site on Forge. */
export async function examplePlatformSteps({ check }: Report, stage: Stage): Promise<void> {
  const { page, jira, wiki, module } = stage
  const panel = module('checklist-panel')

  await check('the checklist of the Connect panel is in the Forge panel, and is changed there', page, async () => {
    await page.goto(`${jira}/browse/TEA-3`)
    await addItem(module('issue-checklist'), 'Made in Connect')
    for (const to of ['connect-on-forge', 'forge']) {
      await page.getByTestId(`platform-${to}`).click()
      await page.locator(`[data-testid="platform-${to}"][aria-pressed="true"]`).waitFor()
    }
    await panel.getByRole('checkbox', { name: 'Made in Connect' }).check()
    await panel.getByText('1 of 1 done').waitFor()
    await addItem(panel, 'Made on Forge')
    await panel.getByText('1 of 2 done').waitFor()
    await stage.picture('example-on-forge')
    assert.deepEqual(await seriousFaults(page), [])
  })

  await check('the way back leads to the Connect panel with the same items', page, async () => {
    await page.getByTestId('platform-connect-on-forge').click()
    await module('issue-checklist').getByRole('checkbox', { name: 'Made on Forge' }).waitFor()
  })

  await check('a site that goes straight to Forge finds its checklist too', page, async () => {
    await page.goto(wiki)
    await addItem(module('page-checklist'), 'Straight ahead')
    await page.getByTestId('platform-forge').click()
    await page.locator('[data-testid="platform-forge"][aria-pressed="true"]').waitFor()
    await module('page-checklist').getByRole('checkbox', { name: 'Straight ahead' }).waitFor()
    assert.match(stage.appFrame().url(), /custom-ui/)
  })
}
