import type { Descriptor } from './descriptor.ts'
import type { ProblemList } from './problem-list.ts'

/** As they are known; others are warned of and stay possible. */
export const bitbucketScopes: ReadonlySet<string> = new Set([
  'account',
  'account:write',
  'email',
  'repository',
  'repository:write',
  'repository:admin',
  'repository:delete',
  'pullrequest',
  'pullrequest:write',
  'issue',
  'issue:write',
  'wiki',
  'webhook',
  'pipeline',
  'pipeline:write',
  'pipeline:variable',
  'project',
  'project:write',
  'project:admin',
  'snippet',
  'snippet:write',
  'team',
  'team:write'
])

/** What only a descriptor of Bitbucket has, and what it must not have (connect.md 1.2 and 10). */
export function checkBitbucket(
  { contexts, apiMigrations }: Descriptor,
  authentication: 'jwt' | 'none' | null,
  problems: ProblemList
): void {
  if (authentication === 'none') {
    problems.error('authentication.type', 'authentication-type', 'has to be "jwt": Bitbucket proves nothing without it')
  }
  if (apiMigrations !== undefined && apiMigrations !== null) {
    problems.error('apiMigrations', 'api-migrations-unknown', 'is unknown to Bitbucket; remove it')
  }
  if (contexts === undefined) {
    problems.warn('contexts', 'contexts-missing', 'is missing; say who may install the app, such as ["account"]')
  } else if (!Array.isArray(contexts) || contexts.length === 0 || !contexts.every((one) => typeof one === 'string')) {
    problems.error('contexts', 'contexts-type', 'has to be a list such as ["account"]')
  }
}
