import assert from 'node:assert/strict'
import type { Page, Response } from 'playwright-core'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'

/** Tokens that end, secrets that change, and an app that goes and comes back, under an open page. */
export async function lifecycleSteps({ check }: Report, stage: Stage): Promise<void> {
  const { page, jira, example, module } = stage
  const panel = module('issue-checklist')
  const renewed = ['401 /api/items/:id', '200 /atlassian/session', '200 /api/items/:id']

  async function openPanel(): Promise<void> {
    await page.goto(`${jira}/browse/TEA-1`)
    await panel.getByRole('checkbox', { name: 'Pour' }).waitFor()
  }

  await check('after a rotation of the secret the open page renews its session and goes on', page, async () => {
    await openPanel()
    await page.getByTestId('rotate').click()
    await page.getByTestId('flag').getByText('accepted').first().waitFor()
    const answers = collectAnswers(page, example.baseUrl)
    await panel.getByRole('checkbox', { name: 'Pour' }).click()
    await panel.getByText('2 of 3 done').waitFor()
    assert.deepEqual(answers(), renewed)
    await stage.picture('after-rotation')
  })

  await check('a session that has ended is renewed without a reload', page, async () => {
    await openPanel()
    stage.putClockForward(16)
    const answers = collectAnswers(page, example.baseUrl)
    await panel.getByRole('checkbox', { name: 'Pour' }).click()
    await panel.getByText('1 of 3 done').waitFor()
    assert.deepEqual(answers(), renewed)
  })

  await check('upgrade, disable and enable leave the app where it was', page, async () => {
    await openPanel()
    await page.getByTestId('upgrade').click()
    await page.getByTestId('disable').click()
    await panel.owner().waitFor({ state: 'detached' })
    await page.getByTestId('enable').click()
    await panel.getByText('1 of 3 done').waitFor()
  })

  await check(
    'after an uninstall the page is refused with a sentence, and the host shows where the app was',
    page,
    async () => {
      await openPanel()
      const frameUrl = stage.appFrame().url()
      await page.getByTestId('uninstall').click()
      await page.getByTestId('not-installed').waitFor()
      await stage.picture('uninstalled')
      const other = await stage.newPage()
      const answer = await other.goto(frameUrl)
      assert.equal(answer?.status(), 401)
      await other.getByRole('heading', { name: 'This page cannot be shown' }).waitFor()
      await other.screenshot({ path: `${stage.pictures}/refused.png` })
      await other.close()
    }
  )

  await check('after a reinstall the data is still there', page, async () => {
    await page.getByTestId('install').first().click()
    await panel.getByText('1 of 3 done').waitFor()
    await panel.getByRole('checkbox', { name: 'Warm the <pot>' }).waitFor()
  })
}

/** Status and path of every answer of the app to scripts from now on; ids are left out. */
function collectAnswers(page: Page, baseUrl: string): () => string[] {
  const answers: string[] = []
  const listen = (response: Response) => {
    const url = new URL(response.url())
    if (url.origin !== baseUrl || response.request().method() === 'OPTIONS') return
    answers.push(`${response.status()} ${url.pathname.replace(/[0-9a-f-]{36}/, ':id')}`)
  }
  page.on('response', listen)
  return () => {
    page.off('response', listen)
    return answers
  }
}
