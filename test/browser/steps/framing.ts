import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Report } from '../report.ts'
import type { Stage } from '../stage.ts'

/** Who may show the app's pages in a frame. */
export async function framingSteps({ check }: Report, stage: Stage): Promise<void> {
  const { example, page } = stage

  await check('a page of another origin cannot frame the app, not even with a valid token', page, async () => {
    const url = await example.host.pageUrl('issue-checklist', { issue: 'TEA-1' })
    const stranger = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><title>stranger</title><iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`)
    }).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const address = stranger.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const window = await stage.newPage()
    try {
      const answered = window.waitForResponse((response) => response.url().startsWith(example.baseUrl))
      await window.goto(`http://127.0.0.1:${port}/`)
      const answer = await answered
      assert.equal(answer.status(), 200, 'the token itself is good')
      assert.match(answer.headers()['content-security-policy'] ?? '', /frame-ancestors http:\/\/127\.0\.0\.1:\d+;/)
      const [, frame] = window.frames()
      await frame?.waitForLoadState().catch(() => {})
      assert.notEqual(new URL(frame?.url() ?? '').origin, example.baseUrl, 'the frame stays empty')
      const refusals = stage.complaints().filter((text) => text.includes('frame-ancestors'))
      assert.equal(refusals.length, 1)
    } finally {
      await window.close()
      stranger.closeAllConnections()
      stranger.close()
    }
  })
}
