import t from 'tap'
import { changedByWebhook } from '../../../lib/authorize/changed-by-webhook.ts'

t.test('a webhook about one issue or content changes what is known about that one', async (t) => {
  t.strictSame(changedByWebhook('jira:issue_updated', { issue: { id: '10001' } }), { resource: 'issue', id: '10001' })
  t.strictSame(changedByWebhook('jira:issue_deleted', { issue: { id: 10001 } }), { resource: 'issue', id: '10001' })
  t.strictSame(changedByWebhook('page_trashed', { page: { id: 7 } }), { resource: 'content', id: '7' })
  t.strictSame(changedByWebhook('blog_updated', { blog: { id: '7' } }), { resource: 'content', id: '7' })
})

t.test('what is about many things, or does not say what it is about, changes everything', async (t) => {
  for (const event of ['project_updated', 'project_deleted', 'user_deleted', 'user_updated', 'group_removed']) {
    t.equal(changedByWebhook(event, {}), 'everything', event)
  }
  for (const event of ['space_permissions_updated', 'content_permissions_updated', 'page_moved', 'unknown']) {
    t.equal(changedByWebhook(event, undefined), 'everything', event)
  }
  for (const body of [
    undefined,
    null,
    'x',
    {},
    { issue: null },
    { issue: { id: 'TEA-1' } },
    { issue: { key: 'TEA-1' } }
  ]) {
    t.equal(changedByWebhook('jira:issue_updated', body), 'everything', JSON.stringify(body))
  }
})

t.test('the rest changes nothing', async (t) => {
  for (const event of ['jira:issue_created', 'comment_created', 'worklog_updated', 'page_viewed', 'constructor', '*']) {
    t.equal(changedByWebhook(event, { issue: { id: '1' } }), null, event)
  }
})
