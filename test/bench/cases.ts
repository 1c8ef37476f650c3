/** What is compared. `bare` is the floor that every other case is divided by. */
export const cases = {
  bare: 'bare Fastify, no authentication',
  page: 'page, many distinct tokens',
  context: 'context, one token repeated',
  session: 'session, one token repeated',
  aceDefault: 'ACE on Express, default store',
  aceMap: 'ACE on Express, Map store'
} as const

export type CaseName = keyof typeof cases

export function isCase(name: string | undefined): name is CaseName {
  return name !== undefined && Object.hasOwn(cases, name)
}

/** The one app and the one site of the bench. Nothing of it exists. */
export const site = {
  appKey: 'bench-app',
  clientKey: 'bench-client-key',
  sharedSecret: 'a-shared-secret-that-is-used-by-the-bench-alone',
  baseUrl: 'https://bench.atlassian.net'
}

export const appBaseUrl = 'https://app.example.com'
