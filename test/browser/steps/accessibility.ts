import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Frame, Page } from 'playwright-core'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'

interface Violation {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** axe-core on every kind of page, in the simulator's document and in the app's frames. */
export async function accessibilitySteps({ check }: Report, stage: Stage): Promise<void> {
  const { page, jira, wiki } = stage
  const look = (name: string, open: () => Promise<unknown>) =>
    check(`axe finds no serious fault: ${name}`, page, async () => {
      await open()
      await page.waitForLoadState('networkidle').catch(() => {})
      assert.deepEqual(await seriousFaults(page), [])
    })

  const modulePage = (key: string) => `${jira}/plugins/servlet/ac/checklist-example/${key}`
  await look('an issue with the panel', () => page.goto(`${jira}/browse/TEA-1`))
  await look('an opened entry of the log', () => page.getByTestId('exchange-frame').first().click())
  await look('the dialog of the app', () =>
    stage.module('issue-checklist').getByRole('button', { name: 'Add several' }).click()
  )
  await look('the webhook dialog', async () => {
    await page.goto(`${jira}/browse/TEA-1`)
    await page.getByTestId('open-webhooks').click()
  })
  await look('the trouble dialog', async () => {
    await page.goto(`${jira}/browse/TEA-1`)
    await page.getByTestId('open-trouble').click()
  })
  await look('a project', () => page.goto(`${jira}/projects/TEA`))
  await look('the administration', () => page.goto(`${jira}/admin`))
  await look('the project page of the app', () => page.goto(`${modulePage('project-checklists')}?project.key=TEA`))
  await look('the cacheable page', () => page.goto(modulePage('all-checklists')))
  await look('the page about the app', () => page.goto(modulePage('about')))
  await look('a Confluence page with the macro', () => page.goto(wiki))
  await look('a space', () => page.goto(`${wiki}/wiki/spaces/TEA`))
  await look('a narrow window', async () => {
    await page.setViewportSize({ width: 420, height: 800 })
    await page.goto(`${jira}/browse/TEA-1`)
    await stage.module('issue-checklist').getByText('of 3 done').waitFor()
    await stage.picture('narrow')
  })
  await page.setViewportSize({ width: 1440, height: 960 })
}

export async function seriousFaults(page: Page): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const faults: string[] = []
  for (const frame of page.frames()) {
    if (!frame.url().startsWith('http')) continue
    for (const { id, impact, nodes } of await runAxe(frame, axe)) {
      if (impact !== 'serious' && impact !== 'critical') continue
      const place = nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary ?? ''})`)
      faults.push(`${new URL(frame.url()).pathname}: ${id}: ${place.join(' | ')}`)
    }
  }
  return faults
}

async function runAxe(frame: Frame, axe: string): Promise<readonly Violation[]> {
  // What still fades in has no colour of its own yet.
  await frame.evaluate('Promise.all(document.getAnimations().map((animation) => animation.finished))')
  await frame.evaluate(axe)
  return await frame.evaluate<readonly Violation[]>(
    "axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations)"
  )
}
