import type { Audience, JiraIssue, JiraState, SiteGroup, WikiPage, WikiState } from './site-state.ts'
import { simulatedUsers } from './users.ts'

const [ada, bo, cleo] = simulatedUsers.map((user) => user.accountId) as [string, string, string]

type IssueSeed = Pick<JiraIssue, 'key' | 'issueType' | 'summary' | 'description' | 'status' | 'assignee'>

const issueSeeds: readonly IssueSeed[] = [
  {
    key: 'TEA-1',
    issueType: 'Story',
    summary: 'Serve the first flush before noon',
    description: 'Guests ask for the spring harvest. The kettle has to be ready when they come.',
    status: 'In Progress',
    assignee: bo
  },
  {
    key: 'TEA-2',
    issueType: 'Task',
    summary: 'Repair the kettle on the terrace',
    description: 'It whistles, but it does not boil.',
    status: 'To Do',
    assignee: null
  },
  {
    key: 'TEA-3',
    issueType: 'Bug',
    summary: 'Menu shows the price of yesterday',
    description: 'Seen on two tables this morning.',
    status: 'Done',
    assignee: cleo
  },
  {
    key: 'VLT-1',
    issueType: 'Task',
    summary: 'Change the combination of the vault',
    description: 'Only administrators may see this issue.',
    status: 'To Do',
    assignee: ada
  }
]

function seedGroups(): SiteGroup[] {
  return [
    { id: '5b0f2c1e-0000-4000-8000-000000000001', name: 'site-admins', members: new Set([ada]) },
    { id: '5b0f2c1e-0000-4000-8000-000000000002', name: 'site-users', members: new Set([ada, bo, cleo]) },
    { id: '5b0f2c1e-0000-4000-8000-000000000003', name: 'tea-masters', members: new Set() }
  ]
}

/** Everybody browses TEA, Bo edits it and Cleo does not; VLT is for administrators. */
export function seedJira(nowMs: number): JiraState {
  const issues = issueSeeds.map((seed, index): JiraIssue => {
    const createdAtMs = nowMs - (10 - index) * 3_600_000
    return {
      ...seed,
      id: String(10_001 + index),
      projectKey: seed.key.slice(0, seed.key.indexOf('-')),
      reporter: ada,
      createdAtMs,
      updatedAtMs: createdAtMs,
      restrictedTo: null,
      comments: [],
      attachments: [],
      properties: new Map(),
      otherFields: new Map()
    }
  })
  issues[0]?.comments.push({
    id: '10100',
    author: cleo,
    text: 'The water is on.',
    createdAtMs: nowMs - 1_800_000,
    updatedAtMs: nowMs - 1_800_000
  })
  return {
    projects: [
      {
        id: '10000',
        key: 'TEA',
        name: 'Tea house',
        canBrowse: 'everyone',
        canEdit: ['role:Waiters'],
        roles: new Map([
          ['Administrators', new Set(['group:site-admins'])],
          ['Waiters', new Set([bo])]
        ]),
        permissions: new Map([['ADMINISTER_PROJECTS', ['role:Administrators']]])
      },
      {
        id: '10010',
        key: 'VLT',
        name: 'Vault',
        canBrowse: [],
        canEdit: [],
        roles: new Map([['Administrators', new Set(['group:site-admins'])]]),
        permissions: new Map([['ADMINISTER_PROJECTS', ['role:Administrators']]])
      }
    ],
    issues,
    groups: seedGroups(),
    globalPermissions: new Map<string, Audience>([
      ['ADMINISTER', ['group:site-admins']],
      ['CREATE_SHARED_OBJECTS', 'users'],
      ['USER_PICKER', 'users']
    ]),
    appProperties: new Map(),
    dynamicWebhooks: [],
    nextId: 10_200
  }
}

/** Everybody reads TEA, Bo edits it and Cleo does not; VLT is for administrators. */
export function seedWiki(nowMs: number): WikiState {
  const page = (id: string, spaceKey: string, title: string, body: string, author: string): WikiPage => ({
    id,
    spaceKey,
    title,
    body,
    version: 1,
    author,
    createdAtMs: nowMs - 7_200_000,
    updatedAtMs: nowMs - 7_200_000,
    restrictions: { read: null, update: null },
    comments: [],
    properties: new Map()
  })
  return {
    spaces: [
      {
        id: '65538',
        key: 'TEA',
        name: 'Tea house handbook',
        canRead: 'everyone',
        canEdit: [bo],
        permissions: new Map([['administer:space', ['group:site-admins']]])
      },
      {
        id: '65539',
        key: 'VLT',
        name: 'Vault',
        canRead: [],
        canEdit: [],
        permissions: new Map([['administer:space', ['group:site-admins']]])
      }
    ],
    groups: seedGroups(),
    applicationPermissions: new Map<string, Audience>([
      ['use', 'users'],
      ['administer', ['group:site-admins']],
      ['create_space', ['group:site-admins']]
    ]),
    pages: [
      page('131073', 'TEA', 'How we brew', '<p>Warm the pot, count to sixty, pour.</p>', bo),
      page('131074', 'TEA', 'Opening hours', '<p>From ten to six, except when it rains.</p>', cleo),
      page('131075', 'VLT', 'Where the key is', '<p>Only administrators may read this page.</p>', ada)
    ],
    appProperties: new Map(),
    nextId: 131_200
  }
}
