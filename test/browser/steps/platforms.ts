import assert from 'node:assert/strict'
import { openCupScene } from '../cup-app.ts'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'
import { seriousFaults } from './accessibility.ts'

/** One app on its way from Connect to Forge, on one page, with its data. */
export async function platformSteps({ check }: Report, stage: Stage): Promise<void> {
  const scene = await openCupScene()
  const page = await stage.newPage()
  const pour = async (moduleKey: string, text: string) => {
    const frame = page.frameLocator(`[data-testid="module-${moduleKey}"] iframe`)
    await frame.getByRole('button', { name: 'Pour' }).click()
    await frame.getByText(text, { exact: true }).waitFor()
  }
  const move = async (stageName: string) => {
    await page.getByTestId(`platform-${stageName}`).click()
    await page.locator(`[data-testid="platform-${stageName}"][aria-pressed="true"]`).waitFor()
  }
  try {
    await check('an app moves from Connect to Forge on one page, and its data stays', page, async () => {
      await page.goto(`${scene.host.site().origin}/browse/TEA-1`)
      await pour('cups-panel', '1 cups over Connect')
      await move('connect-on-forge')
      await pour('cups-panel', '2 cups over Connect')
      await move('forge')
      await pour('cups', '3 cups over Forge')
      assert.equal(await page.getByTestId('module-cups-panel').count(), 0)
      await page.getByTestId('exchange-invoke').first().waitFor()
      await page.locator('.tour-steps li.done', { hasText: 'Forge call' }).waitFor({ state: 'attached' })
      await page.screenshot({ path: `${stage.pictures}/forge.png`, animations: 'disabled' })
    })

    await check('axe finds no serious fault: an app on Forge', page, async () => {
      assert.deepEqual(await seriousFaults(page), [])
    })

    await check('the administration of a site on Forge tells what Forge does', page, async () => {
      const { origin } = scene.host.site()
      const explained = page.locator('.explained')
      await page.goto(`${origin}/admin`)
      await explained.getByText('preUninstall').waitFor()
      assert.doesNotMatch((await explained.textContent()) ?? '', /“disabled”/)
      assert.equal(await page.getByRole('table').getByRole('link').count(), 0, 'a panel has no page of its own')
      await page.goto(`${origin}/plugins/servlet/ac/com.example.cups/cups`)
      await page.getByText('carries an invocation token').waitFor()
      await page.goto(`${origin}/browse/TEA-1`)
    })

    await check('the way back to Connect on Forge leads over the same data', page, async () => {
      await move('connect-on-forge')
      await pour('cups-panel', '4 cups over Connect')
      assert.equal(await page.getByTestId('platform-connect').isDisabled(), true)
    })
  } finally {
    await page.close()
    await scene.close()
  }
}
