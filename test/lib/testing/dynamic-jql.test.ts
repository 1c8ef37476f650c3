import t from 'tap'
import { parseDynamicJql } from '../../../lib/testing/dynamic-jql.ts'
import { createSites } from '../../../lib/testing/site.ts'

const { sites } = createSites([{ name: 'jira', product: 'jira' }], 1_780_000_000_000)
const [site] = sites
if (site?.product !== 'jira') throw new Error('it is a Jira')
const { issues } = site.state

t.test('a filter finds what Jira would find', async (t) => {
  const found = (jql: string) => {
    const filter = parseDynamicJql(jql)
    return typeof filter === 'function' ? issues.filter(filter).map(({ key }) => key) : filter.error
  }
  t.strictSame(found('project = TEA'), ['TEA-1', 'TEA-2', 'TEA-3'])
  t.strictSame(found('project != tea'), ['VLT-1'])
  t.strictSame(found('issueKey in (TEA-1, "VLT-1") and issuetype = Task'), ['VLT-1'])
  t.strictSame(found('status NOT IN ("To Do", Done)'), ['TEA-1'])
  t.strictSame(found("status = 'In Progress' AND assignee != EMPTY"), ['TEA-1'])
  t.strictSame(found('assignee = empty'), ['TEA-2'])
})

t.test('a filter that Jira refuses is refused with its words', async (t) => {
  t.strictSame(parseDynamicJql('watchCount = 3'), { error: 'The clause watchCount is unsupported' })
  t.strictSame(parseDynamicJql('status ~ "x"'), { error: 'The clause status is unsupported' })
  t.match(parseDynamicJql('project in TEA'), { error: /^The value of project/ })
  t.match(parseDynamicJql('project = (TEA)'), { error: /^The value of project/ })
  t.match(parseDynamicJql(''), { error: /unsupported/ })
  t.match(parseDynamicJql('constructor = 1'), { error: /unsupported/ })
})
