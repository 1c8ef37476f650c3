import { type FilePart, type HostClient, HostError, multipart, type Product } from 'fastify-atlassian'
import type { ChecklistItem, SubjectFacts } from './checklist-store.ts'

// Everything that this app asks of Jira and Confluence. The client says for which tenant, and as whom.

interface IssueJson {
  readonly key: string
  readonly fields: { readonly summary: string; readonly project: { readonly id: string } }
}

interface PageJson {
  readonly title: string
  readonly spaceId: string
}

/** Title and place of an issue or page; null when it is gone. */
export async function readFacts(host: HostClient, product: Product, subject: string): Promise<SubjectFacts | null> {
  try {
    if (product === 'jira') {
      const issue = await host.get<IssueJson>(`/rest/api/3/issue/${subject}`, { query: { fields: 'summary,project' } })
      return { label: issue.key, title: issue.fields.summary, place: issue.fields.project.id }
    }
    const page = await host.get<PageJson>(`/api/v2/pages/${subject}`)
    return { label: '', title: page.title, place: page.spaceId }
  } catch (error) {
    if (error instanceof HostError && error.status === 404) return null
    throw error
  }
}

/** Leaves a comment where the last item was ticked. */
export async function commentComplete(host: HostClient, product: Product, subject: string, count: number) {
  const text = `Checklist complete: ${count} of ${count} done.`
  if (product === 'jira') {
    const paragraph = { type: 'paragraph', content: [{ type: 'text', text }] }
    await host.post(`/rest/api/3/issue/${subject}/comment`, {
      body: { type: 'doc', version: 1, content: [paragraph] }
    })
  } else {
    await host.post('/api/v2/footer-comments', {
      pageId: subject,
      body: { representation: 'storage', value: `<p>${text}</p>` }
    })
  }
}

/** Attaches a file to an issue while it is read. */
export async function attachFile(host: HostClient, issueId: string, file: FilePart): Promise<void> {
  await host.post(`/rest/api/3/issue/${issueId}/attachments`, multipart({ file }))
}

/** Keeps the progress where JQL and other apps can see it: in a property of the issue. */
export async function writeProgress(host: HostClient, subject: string, items: readonly ChecklistItem[]) {
  const done = items.filter((item) => item.done).length
  await host.put(`/rest/api/3/issue/${subject}/properties/checklist`, { done, total: items.length })
}
