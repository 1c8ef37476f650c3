import assert from 'node:assert/strict'
import type { Report } from '../report.ts'
import { addItem, becomes, type Stage } from '../stage.ts'

/** What a person does with the app on an issue and on a page. */
export async function checklistSteps({ check }: Report, stage: Stage): Promise<void> {
  const { page, jira, wiki, example, module } = stage
  const panel = module('issue-checklist')

  await check('the simulator opens on an issue with the panel in a frame of another origin', page, async () => {
    await page.goto(example.host.url)
    await panel.getByText('Nothing yet').waitFor()
    assert.notEqual(new URL(stage.appFrame().url()).origin, new URL(page.url()).origin)
  })

  await check('items are added and ticked, and the host is told when all are done', page, async () => {
    await addItem(panel, 'Boil the water')
    await addItem(panel, 'Warm the <pot>')
    await panel.getByRole('checkbox', { name: 'Boil the water' }).check()
    await panel.getByText('1 of 2 done').waitFor()
    await stage.picture('issue')
    await panel.getByRole('checkbox', { name: 'Warm the <pot>' }).check()
    await page.getByTestId('comments').getByText('Checklist complete: 2 of 2 done.').waitFor()
    await panel.getByRole('checkbox', { name: 'Boil the water' }).uncheck()
    await panel.getByText('1 of 2 done').waitFor()
  })

  await check('the live region says what happened', page, async () => {
    await becomes(() => panel.getByRole('status').innerText(), 'Open: Boil the water')
  })

  await check('a dialog adds several items at once', page, async () => {
    await panel.getByRole('button', { name: 'Add several' }).click()
    const dialog = page.getByTestId('app-dialog')
    const form = dialog.frameLocator('iframe')
    await form.getByLabel('One item per line').fill('Count to sixty\n\n  Pour  ')
    await stage.picture('dialog')
    await form.getByRole('button', { name: 'Add them' }).click()
    await dialog.waitFor({ state: 'detached' })
    await panel.getByRole('checkbox', { name: 'Pour' }).waitFor()
    await panel.getByText('1 of 4 done').waitFor()
  })

  await check('an item is removed', page, async () => {
    await panel.getByRole('button', { name: 'Remove Count to sixty' }).click()
    await panel.getByRole('checkbox', { name: 'Count to sixty' }).waitFor({ state: 'detached' })
    await panel.getByText('1 of 3 done').waitFor()
  })

  await check('the log explains the page load with its canonical request', page, async () => {
    const entry = page.getByTestId('exchange-frame').last()
    await entry.click()
    const canonical = page.getByTestId('canonical').first()
    await canonical.waitFor()
    assert.match(await canonical.innerText(), /GET&\/checklist&/)
    await canonical.scrollIntoViewIfNeeded()
    await stage.picture('log')
    await entry.click()
  })

  await check('a title edited in the host reaches the app by webhook', page, async () => {
    await page.getByTestId('edit-title').click()
    await page.getByTestId('title-input').fill('Serve the second flush')
    await page.getByTestId('save-title').click()
    await page.getByTestId('exchange-webhook').first().waitFor()
    await page.goto(`${jira}/plugins/servlet/ac/checklist-example/project-checklists?project.key=TEA`)
    const overview = module('project-checklists')
    await overview.getByText('Serve the second flush').waitFor()
    await stage.picture('project-page')
    await overview.getByRole('button', { name: 'TEA-1' }).click()
    await page.waitForURL('**/browse/TEA-1')
  })

  await check('the cacheable page loads without a token and lists what the user may see', page, async () => {
    await page.goto(`${jira}/plugins/servlet/ac/checklist-example/all-checklists`)
    await module('all-checklists').getByText('1 of 1 still open').waitFor()
    assert.equal(stage.appFrame().url(), `${example.baseUrl}/all`)
    await stage.picture('cacheable-page')
  })

  await check('the page for administrators opens for an administrator', page, async () => {
    await page.goto(`${jira}/plugins/servlet/ac/checklist-example/about`)
    await module('about').getByText('the app asks Jira whether you are one').waitFor()
    await stage.picture('about-page')
  })

  await check('a macro on a Confluence page has the same checklist, with its own heading', page, async () => {
    await page.goto(wiki)
    const macro = module('page-checklist')
    await macro.getByRole('heading', { name: 'To do' }).waitFor()
    await addItem(macro, 'Read the page')
    await macro.getByRole('checkbox', { name: 'Read the page' }).check()
    await page.getByTestId('comments').getByText('Checklist complete: 1 of 1 done.').waitFor()
    await page.getByTestId('edit-macro-page-checklist').click()
    await page.locator('#macro-heading').fill('Before you pour')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await macro.getByRole('heading', { name: 'Before you pour' }).waitFor()
    await macro.getByRole('checkbox', { name: 'Read the page' }).waitFor()
    await stage.picture('wiki-page')
  })

  await check('an anonymous visitor may look and not touch', page, async () => {
    await page.goto(`${jira}/browse/TEA-1`)
    await page.getByTestId('user-switch').selectOption('')
    await panel.getByText('Log in to change this checklist.').waitFor()
    assert.equal(await panel.getByRole('checkbox', { name: 'Boil the water' }).isDisabled(), true)
    await page.getByTestId('user-switch').selectOption('557058:ada-0001')
    await panel.getByRole('button', { name: 'Add several' }).waitFor()
  })
}
