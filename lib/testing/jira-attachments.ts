import { attachmentJson } from './jira-json.ts'
import { filesOfForm } from './multipart.ts'
import { type RestCall, type RestResult, refusal } from './rest-routes.ts'
import type { JiraSite } from './site.ts'
import type { JiraIssue, SiteAttachment } from './site-state.ts'

/** `POST /issue/:key/attachments`: a form with files under the name `file`, which no browser can send by itself. */
export function attachFiles(site: JiraSite, { headers, form, actor }: RestCall, issue: JiraIssue): RestResult {
  if (!/^no-?check$/i.test(headers['x-atlassian-token'] ?? '')) return refusal(403, 'XSRF check failed')
  const files = filesOfForm(form ?? '', headers['content-type'])
  if (files === null) return refusal(415, 'The body has to be a multipart form.')
  const attached = files
    .filter(({ name }) => name === 'file')
    .map(({ filename, type, content }): SiteAttachment => {
      const id = String(site.state.nextId++)
      return { id, author: actor.accountId, filename, type, content, createdAtMs: actor.nowMs }
    })
  if (attached.length === 0) return refusal(400, 'No file was sent under the name "file".')
  issue.attachments.push(...attached)
  return { status: 200, body: attached.map((one) => attachmentJson(site, one)) }
}
