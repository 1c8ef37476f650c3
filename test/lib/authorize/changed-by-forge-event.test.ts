import t from 'tap'
import { changedByForgeEvent } from '../../../lib/authorize/changed-by-forge-event.ts'

const ISSUE = { issue: { id: '10001' } }
const PAGE = { content: { id: '5341185' } }

t.test('an event about one thing that says which changes what is known of that one', async (t) => {
  for (const happened of ['updated', 'assigned', 'deleted']) {
    t.same(changedByForgeEvent(`avi:jira:${happened}:issue`, ISSUE), { resource: 'issue', id: '10001' }, happened)
  }
  for (const name of ['updated:page', 'trashed:page', 'deleted:page', 'updated:blogpost']) {
    t.same(changedByForgeEvent(`avi:confluence:${name}`, PAGE), { resource: 'content', id: '5341185' }, name)
  }
})

t.test('what says too little, or is about people, projects, spaces and permissions, changes everything', async (t) => {
  for (const body of [
    undefined,
    null,
    {},
    { issue: null },
    { issue: { id: 'ACME-1' } },
    { issue: { id: '__proto__' } }
  ]) {
    t.equal(changedByForgeEvent('avi:jira:updated:issue', body), 'everything', JSON.stringify(body))
  }
  for (const name of [
    'forge:unknown',
    'avi:jira:updated:project',
    'avi:jira:deleted:user',
    'avi:confluence:moved:page',
    'avi:confluence:restored:blogpost',
    'avi:confluence:permissions_updated:page',
    'avi:confluence:permissions_updated:space:V2',
    'avi:confluence:deleted:space:V2',
    'avi:confluence:updated:group'
  ]) {
    t.equal(changedByForgeEvent(name, PAGE), 'everything', name)
  }
})

t.test('the rest changes nothing', async (t) => {
  for (const name of [
    'avi:jira:created:issue',
    'avi:jira:viewed:issue',
    'avi:jira:commented:issue',
    'avi:confluence:viewed:space',
    'avi:confluence:liked:page',
    'avi:jira:updated:constructor',
    'avi:jira:updated',
    'forge:scheduled',
    'forge:installed'
  ]) {
    t.equal(changedByForgeEvent(name, ISSUE), null, name)
  }
})
