import assert from 'node:assert/strict'
import type { Frame, Page } from 'playwright-core'
import type { Report } from '../report.ts'
import { becomes, type Stage } from '../stage.ts'

/** The whole tour once more, in a window that has no mouse: nothing but keys is sent to it. */
export async function keyboardSteps({ check }: Report, stage: Stage): Promise<void> {
  const { jira } = stage
  const page = await stage.newPage()
  const { press, type, tabTo } = keyboardOf(page)
  const panel = page.frameLocator('[data-testid="module-issue-checklist"] iframe')

  await check('by keyboard: into the frame, add an item, tick it, remove it', page, async () => {
    await page.goto(`${jira}/browse/TEA-2`)
    await panel.getByText('Nothing yet').waitFor()
    await tabTo('New item')
    await type('Typed by hand')
    await press('Enter')
    await panel.getByText('0 of 1 done').waitFor()
    await tabTo('Typed by hand', 'Shift+Tab')
    await press('Space')
    await panel.getByText('1 of 1 done').waitFor()
    await page.screenshot({ path: `${stage.pictures}/keyboard.png`, animations: 'disabled' })
    await tabTo('Remove Typed by hand')
    await press('Enter')
    await panel.getByText('Nothing yet').waitFor()
    await becomes(() => focused(page), 'New item')
  })

  await check('by keyboard: the dialog of the app opens, takes text and closes, on Escape too', page, async () => {
    await tabTo('Add several', 'Shift+Tab')
    await press('Enter')
    await becomes(() => focused(page), 'One item per line')
    await type('First')
    await press('Enter')
    await type('Second')
    await tabTo('Add them')
    await press('Enter')
    await panel.getByText('0 of 2 done').waitFor()
    await tabTo('Add several', 'Shift+Tab')
    await press('Enter')
    await becomes(() => focused(page), 'One item per line')
    await press('Escape')
    await page.getByTestId('app-dialog').waitFor({ state: 'detached' })
  })

  await check('by keyboard: edit the title, and the webhook is in the log', page, async () => {
    const before = stage.exchanges('webhook')
    await tabTo('testid=edit-title', 'Shift+Tab')
    await press('Enter')
    await press('ControlOrMeta+A')
    await type('Repaired by hand')
    await press('Enter')
    await becomes(async () => stage.exchanges('webhook'), before + 1)
    await becomes(() => page.getByTestId('title').innerText(), 'Repaired by hand')
  })

  await check('by keyboard: send a webhook from the dialog', page, async () => {
    await tabTo('testid=open-webhooks', 'Shift+Tab')
    await press('Enter')
    await page.getByTestId('webhook-dialog').waitFor()
    await tabTo('testid=webhook-event')
    await press('ArrowDown')
    await becomes(() => page.getByTestId('webhook-event').inputValue(), 'jira:issue_deleted')
    await press('ArrowUp')
    await tabTo('testid=send-webhook')
    const before = stage.exchanges('webhook')
    await press('Enter')
    await becomes(async () => stage.exchanges('webhook'), before + 1)
    await page.getByTestId('flag').getByText('accepted').first().waitFor()
  })

  await check('by keyboard: open an exchange of the log and read its canonical request', page, async () => {
    await tabTo('testid=exchange-webhook')
    await press('Enter')
    await page.getByTestId('canonical').first().waitFor()
    await press('Enter')
  })

  await check('by keyboard: look as somebody else', page, async () => {
    await tabTo('testid=user-switch', 'Shift+Tab')
    await press('ArrowDown')
    await becomes(() => page.getByTestId('user-switch').inputValue(), '557058:bo-0002')
    await tabTo('testid=user-switch', 'Shift+Tab')
    await press('ArrowUp')
    await becomes(() => page.getByTestId('user-switch').inputValue(), '557058:ada-0001')
  })

  await check('by keyboard: rotate, uninstall and install again', page, async () => {
    await panel.getByText('0 of 2 done').waitFor()
    for (const [action, kind, state] of [
      ['rotate', 'installed', 'Installed'],
      ['uninstall', 'uninstalled', 'Not installed'],
      ['install', 'installed', 'Installed']
    ] as const) {
      const before = stage.exchanges(kind)
      await tabTo(`testid=${action}`, 'Shift+Tab')
      await press('Enter')
      await becomes(async () => stage.exchanges(kind), before + 1)
      await becomes(() => page.getByTestId('app-state').innerText(), state)
    }
    await panel.getByText('0 of 2 done').waitFor()
  })

  await check('by keyboard: over to Confluence', page, async () => {
    await tabTo('testid=site-acme-wiki', 'Shift+Tab')
    await press('Enter')
    await page.waitForURL(`${stage.wiki}/**`)
    const macro = page.frameLocator('[data-testid="module-page-checklist"] iframe')
    await macro.getByRole('checkbox', { name: 'Read the page' }).waitFor()
    await tabTo('Read the page')
    await press('Space')
    await macro.getByText('0 of 1 done').waitFor()
  })

  await page.close()
}

function keyboardOf(page: Page) {
  return {
    press: (key: string) => page.keyboard.press(key),
    type: (text: string) => page.keyboard.type(text),
    /** Walks with Tab until that element has the focus, and fails when it comes round without meeting it. */
    async tabTo(wanted: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
      const met: string[] = []
      for (let steps = 0; steps < 150; steps++) {
        const now = await focused(page)
        if (now === wanted) return
        met.push(now)
        await page.keyboard.press(key)
      }
      assert.fail(`no way to "${wanted}" with ${key}; met: ${[...new Set(met)].join(', ')}`)
    }
  }
}

/** What has the focus, also inside of frames: its test id, or its label as a screen reader says it. */
async function focused(page: Page): Promise<string> {
  let frame: Frame = page.mainFrame()
  for (;;) {
    const handle = await frame.evaluateHandle('document.activeElement')
    const element = handle.asElement()
    const inner = await element?.contentFrame().catch(() => null)
    if (!inner) break
    frame = inner
  }
  return await frame.evaluate<string>(nameOfFocused).catch(() => 'a frame that is loading')
}

// For the browser, where this file's types do not reach.
const nameOfFocused = `(() => {
  const element = document.activeElement
  if (element === null || element === document.body) return 'nothing'
  if (element.dataset.testid) return 'testid=' + element.dataset.testid
  return element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText.trim()
})()`
